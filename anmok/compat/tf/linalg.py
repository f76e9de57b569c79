"""tf.linalg."""

from anmok.compat import missing
from anmok.compat.functions import creation as cr
from anmok.compat.functions import decompositions as de
from anmok.compat.functions import linear as li

NAMES = {
    "adjoint": li.adjoint, "band_part": li.band_part, "cholesky": de.cholesky, "cross": li.cross, "det": de.det,
    "diag": li.matrix_diag, "diag_part": li.matrix_diag_part, "eig": de.eig, "eigh": de.eigh,
    "eigvalsh": de.eigenvalues, "einsum": li.einsum, "expm": de.matrix_exp, "eye": cr.eye_of_tensorflow,
    "global_norm": li.global_norm, "inv": de.inv, "l2_normalize": li.l2_normalize, "logdet": de.logdet,
    "lstsq": de.lstsq_of_tensorflow, "matmul": li.matmul, "matrix_rank": de.matrix_rank,
    "matrix_transpose": li.matrix_transpose, "matvec": li.matvec, "norm": li.flat_norm,
    "normalize": li.normalize_with_norm, "pinv": de.pinv, "qr": de.qr_of_tensorflow, "set_diag": li.matrix_set_diag,
    "slogdet": de.slogdet, "solve": de.solve, "svd": de.svd_of_tensorflow, "tensor_diag": li.tensor_diag,
    "tensor_diag_part": li.matrix_diag_part, "tensordot": li.tensordot, "trace": li.trace,
    "triangular_solve": de.triangular_solve,
}  # fmt: skip
globals().update(NAMES)


def __getattr__(name):
    raise missing.attribute("tf.linalg", name, NAMES)


def __dir__():
    return sorted(NAMES)

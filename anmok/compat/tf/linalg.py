"""tf.linalg."""

from anmok.compat import missing
from anmok.compat.functions import creation as cr
from anmok.compat.functions import linear as li

NAMES = {
    "adjoint": li.adjoint, "band_part": li.band_part, "cholesky": li.cholesky, "cross": li.cross, "det": li.det,
    "diag": li.matrix_diag, "diag_part": li.matrix_diag_part, "eig": li.eig, "eigh": li.eigh,
    "eigvalsh": li.eigenvalues, "einsum": li.einsum, "expm": li.matrix_exp, "eye": cr.eye_of_tensorflow,
    "global_norm": li.global_norm, "inv": li.inv, "l2_normalize": li.l2_normalize, "logdet": li.logdet,
    "lstsq": li.lstsq_of_tensorflow, "matmul": li.matmul, "matrix_rank": li.matrix_rank,
    "matrix_transpose": li.matrix_transpose, "matvec": li.matvec, "norm": li.flat_norm,
    "normalize": li.normalize_with_norm, "pinv": li.pinv, "qr": li.qr_of_tensorflow, "set_diag": li.matrix_set_diag,
    "slogdet": li.slogdet, "solve": li.solve, "svd": li.svd_of_tensorflow, "tensor_diag": li.tensor_diag,
    "tensor_diag_part": li.matrix_diag_part, "tensordot": li.tensordot, "trace": li.trace,
    "triangular_solve": li.triangular_solve,
}  # fmt: skip
globals().update(NAMES)


def __getattr__(name):
    raise missing.attribute("tf.linalg", name, NAMES)


def __dir__():
    return sorted(NAMES)

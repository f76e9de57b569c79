"""SwapEMAWeights: judge the averages of the weights that the optimizer keeps, while the weights go on training."""

from anmok.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Puts the optimizer's averages (use_ema=True) in the weights' place for evaluation and prediction (as in Keras).

    swap_on_epoch: also at the end of each epoch, so that a later ModelCheckpoint saves the averages.
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._are_swapped = False

    def _swap(self, wanted):
        if self._are_swapped != wanted:
            self.model.optimizer.swap_averages()
            self._are_swapped = wanted

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(False)

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap(True)
            if epoch == self.params["epochs"] - 1:
                # At the end the weights become the averages, which must then be what the weights are now.
                self.model.optimizer.average_from_weights()

    def on_test_begin(self, logs=None):
        self._swap(True)

    def on_test_end(self, logs=None):
        self._swap(False)

    def on_predict_begin(self, logs=None):
        self._swap(True)

    def on_predict_end(self, logs=None):
        self._swap(False)

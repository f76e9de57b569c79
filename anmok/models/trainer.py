"""compile, fit, evaluate, predict: the part of Model that trains (as in Keras)."""

import sys

import numpy as np
import torch
from torch.utils import _pytree as pytree

from anmok import callbacks as callback_room
from anmok import optimizers, random
from anmok.errors import ArgumentError
from anmok.models import arguments, closures, featured
from anmok.models.checks import check_before_training, check_labels_of
from anmok.models.fast.forms import FastForms
from anmok.models.old_methods import OldMethods
from anmok.models.steps import Steps
from anmok.training import adapters, loop
from anmok.training.limit import count, limit
from anmok.training.memory import keep_freed_memory
from anmok.training.progress import Progress


class Trainer(Steps, OldMethods):
    """What every Model can do with data. `self` is a Layer with `call`; `self.graph` is its Graph or None."""

    def _start_trainer(self):
        self._task = None
        self._compile_arguments = None
        self._fast = FastForms(self)
        self.optimizer = None
        self.loss = None
        self.stop_training = False
        self.history = None
        self._round, self._next_epoch = 0, 0  # see random.epoch_of_round

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        auto_scale_loss=True,
        **old,
    ):
        """Say how to train: optimizer, loss(es), metrics (as in Keras).

        run_eagerly: True runs layer by layer exactly as written, without anmok's rewrites of the graph.
        steps_per_execution, jit_compile, auto_scale_loss: hints on speed to Keras; they never change results here.
        """
        arguments.refuse_unknown_of_compile(old)
        loss_weights, metrics = arguments.metrics_by_position(loss_weights, metrics)
        self.optimizer = optimizers.get(optimizer)
        self.loss = loss
        self.run_eagerly = bool(run_eagerly)
        self.stop_training = False
        self._compile_arguments = {
            "optimizer": self.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": bool(run_eagerly),
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self._task = None
        self._task = self._new_task(
            optimizer=self.optimizer,
            loss=closures.bound(self, loss),
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
        )

    @property
    def compiled(self):
        return self._task is not None

    @property
    def metrics_names(self):
        """Names of what `evaluate` returns: loss first."""
        return list(self._task.objective.listed(self._task.results())) if self._task else []

    def _require_compiled(self):
        if self._task is None:
            raise ArgumentError(
                f"Model '{self.name}' is not compiled: call model.compile(optimizer='adam', loss=...) before this."
            )

    # Training -----------------------------------------------------------------------------------------------------

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
        *,
        feature_cache=True,
        **old,
    ):
        """Train for `epochs` epochs (as in Keras) and return the History.

        x, y: arrays, tensors, DataFrames, or x alone a generator, Sequence/PyDataset, DataLoader or any iterable of
        batches (x, y) or (x, y, sample_weight). validation_split: the last fraction of the arrays, before shuffling.
        validation_freq: every how many epochs to validate, or a list of epochs (from 1).
        verbose: 0 nothing, 1 a progress line, 2 one line per epoch.
        feature_cache: ours: what frozen layers at the beginning of the model give is computed once and trained on, if
        the samples are the same in every epoch (arrays, flows without random changes); the numbers do not change.
        Ctrl-C ends training at once; what was reached stays in `model.history` and in the weights.
        """
        self._require_compiled()
        epochs = arguments.take_old(old, "fit", epochs)
        arguments.require_whole(epochs=epochs, initial_epoch=initial_epoch)
        arguments.require_frequency(validation_freq)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = adapters.train_validation_split(
                (x, y, sample_weight), validation_split
            )
        source = adapters.adapt(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            shuffle=shuffle,
            class_weight=class_weight,
            steps=steps_per_epoch,
            name="x",
        )
        validation = None
        if validation_data is not None:
            parts = arguments.split_validation_data(validation_data)
            validation = adapters.adapt(
                *parts, batch_size=validation_batch_size or batch_size, steps=validation_steps, name="validation x"
            )
            arguments.ask_for_threads(validation, old)
        arguments.ask_for_threads(source, old)
        check_before_training(self, source)
        if validation is not None:
            check_labels_of(self, validation)
        if initial_epoch < self._next_epoch:
            self._round += 1
        self._next_epoch = epochs
        source.round = self._round
        rest = None
        if feature_cache and not self.run_eagerly and not limit.is_set and not self.has_own_steps:
            rest, source, validation = featured.split(self, source, validation, verbose=verbose)
        history = callback_room.History()
        listeners = callback_room.CallbackList(
            [callbacks or [], history],
            model=self,
            params={"verbose": verbose, "epochs": epochs, "steps": count(source.num_batches, limit.training)},
        )
        listeners.show_validation(validation_data)
        self.history = history
        self.stop_training = False
        self._prepare_task(training=True, rest=rest)
        progress = Progress(count(source.num_batches, limit.training), epochs, verbose=verbose)

        def validate(epoch):
            if validation is None or not arguments.validates_after(epoch, validation_freq):
                return None
            return self._validate(validation, listeners, rest)

        try:
            loop.fit(
                self._task,
                source,
                epochs=epochs,
                first=(initial_epoch, 0),
                prepare=lambda: self._prepare_task(training=True, rest=rest),
                listeners=listeners,
                progress=progress,
                validate=validate,
                stopped=lambda: self.stop_training,
            )
        except KeyboardInterrupt:
            progress.interrupt()
            listeners.on_train_end({})
            raise
        finally:
            self._task.set_mode(False)
            self._clear_losses()
        self.optimizer.finalize_variable_values()
        return history

    def _validate(self, source, listeners, rest):
        """`val_` logs, measured with an objective of their own so that the training results are kept."""
        task, kept = self._task, self._task.objective
        if task.validation_objective is None:
            task.validation_objective = task.fresh_objective()
        try:
            task.objective = task.validation_objective
            self._prepare_task(training=False, rest=rest)
            logs = loop.evaluate(task, source, listeners=listeners, progress=Progress(None, 1, verbose=0))
        finally:
            task.objective = kept
        return {f"val_{name}": value for name, value in logs.items()}

    def _prepare_task(self, *, training, rest=None):
        """Make the task ready, with the rewritten network where there is one.

        rest: the part of the model that is run on features, see featured.py; None for all of it.
        """
        if training:
            self._mark_trainable()
        if rest is None:
            self._task.prepare(training=training, device=self.device, rewrite=self._rewrite(training))
        else:
            rest.require_frozen()
            self._task.prepare(
                training=training, device=self.device, rewrite=self._rewrite(training, rest.fast), body=rest.model
            )

    def _rewrite(self, training, fast=None):
        """What turns a number format into the model's fast form; None to run it layer by layer."""
        if getattr(self, "run_eagerly", False) or self.graph is None:
            return None
        fast = fast or self._fast
        return fast.training if training else lambda dtype: fast.inference()

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **old,
    ):
        """Loss and metrics on data, in float32: a number, a list in the order of `metrics_names`, or a dict."""
        self._require_compiled()
        arguments.take_old(old, "evaluate")
        source = adapters.adapt(x, y, sample_weight, batch_size=batch_size, steps=steps, name="x")
        arguments.ask_for_threads(source, old)
        check_labels_of(self, source)
        listeners = callback_room.CallbackList(callbacks or [], model=self, params={"verbose": verbose})
        self._prepare_task(training=False)
        progress = Progress(count(source.num_batches, limit.validation), 1, verbose=verbose)
        logs = loop.evaluate(self._task, source, listeners=listeners, progress=progress)
        return self._as_returned(logs, return_dict)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None, **old):
        """The outputs for all samples as NumPy arrays, computed in float32."""
        arguments.take_old(old, "predict")
        source = adapters.adapt(x, batch_size=batch_size, steps=steps, name="x", labelled=False)
        arguments.ask_for_threads(source, old)
        listeners = callback_room.CallbackList(callbacks or [], model=self, params={"verbose": verbose})
        progress = Progress(count(source.num_batches, limit.prediction), 1, verbose=verbose)
        return loop.predict(self._predicting_task(), source, listeners=listeners, progress=progress)

    def _predicting_task(self):
        task = self._task or self._new_task(optimizer=None, loss=None)
        task.prepare(training=False, device=self.device, rewrite=self._rewrite(training=False), losses=False)
        return task

    # One batch ----------------------------------------------------------------------------------------------------

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False, reset_metrics=True):
        """One step on one batch; returns loss and metrics of it, or with reset_metrics=False of all since."""
        self._require_compiled()
        step = getattr(self, "_single_steps", 0)
        if limit.single is not None and step >= limit.single:
            return self._as_returned(self._task.results(), return_dict)
        batch = self._single_batch(x, y, sample_weight, class_weight)
        self._prepare_task(training=True)
        if reset_metrics:
            self._task.reset()
        self._single_steps = step + 1
        with random.training_step(0, step):
            self._task.train_step(*batch)
        return self._as_returned(self._task.results(), return_dict)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False, reset_metrics=True):
        """Loss and metrics on one batch, or with reset_metrics=False on all since."""
        self._require_compiled()
        batch = self._single_batch(x, y, sample_weight, None)
        self._prepare_task(training=False)
        if reset_metrics:
            self._task.reset()
        self._task.test_step(*batch)
        return self._as_returned(self._task.results(), return_dict)

    def predict_on_batch(self, x):
        """The outputs for one batch as NumPy arrays."""
        if isinstance(x, np.ndarray) and x.dtype.kind in "fiu" and x.ndim:
            x = torch.from_numpy(np.ascontiguousarray(x))
        else:
            x, _, _ = self._single_batch(x, None, None, None)
        keep_freed_memory()
        fast = self._rewrite(training=False)
        forward = (fast and fast(torch.float32)) or self
        with torch.inference_mode():
            outputs = forward(x, training=False)
        if torch.is_tensor(outputs):
            return outputs.float().cpu().numpy()
        return pytree.tree_map(lambda leaf: leaf.cpu().numpy(), outputs)

    def _single_batch(self, x, y, sample_weight, class_weight):
        source = adapters.adapt(x, y, sample_weight, batch_size=sys.maxsize, class_weight=class_weight, name="x")
        return loop.to_device(next(iter(source.batches(0))), self.device)

    def _as_returned(self, logs, return_dict):
        if return_dict:
            return logs
        values = list(self._task.objective.listed(logs).values())
        return values[0] if len(values) == 1 else values

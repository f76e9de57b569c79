"""Callbacks: what wants to hear of training, with Keras' hooks, arguments and decisions."""

from anmok.callbacks.averages import SwapEMAWeights
from anmok.callbacks.backup import BackupAndRestore
from anmok.callbacks.callback import Callback, History, LambdaCallback, ProgbarLogger
from anmok.callbacks.callback_list import CallbackList
from anmok.callbacks.checkpoint import ModelCheckpoint
from anmok.callbacks.early_stopping import EarlyStopping
from anmok.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from anmok.callbacks.logs import CSVLogger, TerminateOnNaN
from anmok.callbacks.monitor import MonitorCallback
from anmok.callbacks.tensorboard import TensorBoard

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]

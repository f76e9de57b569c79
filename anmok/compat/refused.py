"""Names that anmok does not cover, and what to do instead: a table of half sentences, looked up by missing.py."""

_NO_TEXT = "anmok classifies images; text and sequences are not its subject"
_RECURRENT = "recurrent and attention layers are for sequences; anmok has the layers that image networks are made of"

INSTEAD = {
    # packages
    "keras_tuner": "write the search as a loop over models and compare their histories",
    "kerastuner": "write the search as a loop over models and compare their histories",
    "tensorflow_datasets": "use keras.datasets, image_dataset_from_directory, or flow_from_directory on your files",
    "tensorflow_addons": "F1, focal loss, AdamW, RandAugment and GroupNormalization are in keras.metrics, "
    "keras.losses, keras.optimizers and keras.layers",
    "keras_cv": "its augmentations are in keras.layers (RandAugment, MixUp, CutMix, AugMix, RandomErasing, ...)",
    "keras_hub": "use keras.applications, or tensorflow_hub.KerasLayer on a local file",
    "keras_nlp": _NO_TEXT,
    "keras_contrib": "its group normalization is keras.layers.GroupNormalization",
    "tensorflow_text": _NO_TEXT,
    "tensorflow_probability": "anmok has no distributions; take torch.distributions",
    "tensorflow_model_optimization": "there is no pruning or quantization here",
    "tensorflow_io": "read the files with tf.io.read_file, keras.utils.load_img or numpy",
    # tensorflow
    "tf.Session": "TensorFlow 1 sessions are gone: call functions on tensors and use .numpy()",
    "tf.compat.v1.Session": "TensorFlow 1 sessions are gone: call functions on tensors and use .numpy()",
    "tf.placeholder": "TensorFlow 1 placeholders are gone: use keras.Input, or plain functions of tensors",
    "tf.lite": "save the model with model.save, or export it with torch.onnx",
    "tf.estimator": "use keras.Model with compile and fit",
    "tf.feature_column": "give columns to the model as arrays",
    "tf.contrib": "it ended with TensorFlow 1",
    "tf.tpu": "anmok runs on the processor or one GPU",
    "tf.raw_ops": "use the function of tf, tf.math or tf.nn",
    # keras
    "keras.preprocessing.text": _NO_TEXT,
    "keras.preprocessing.sequence": _NO_TEXT,
    "keras.datasets.imdb": _NO_TEXT,
    "keras.datasets.reuters": _NO_TEXT,
    "keras.layers.LSTM": _RECURRENT,
    "keras.layers.GRU": _RECURRENT,
}

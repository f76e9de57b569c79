def test_iris_is_learnt_from_105_flowers(quick):
    figures, folder = quick("iris")
    assert figures["test accuracy"] >= 0.9
    assert (folder / "iris.png").stat().st_size > 10_000

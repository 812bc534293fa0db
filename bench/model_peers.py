# The peers of train.sh and score.sh: makes data, trains and scores with XGBoost and LightGBM, one thread each.
# Prints "name seconds-of-a-processor figure" lines.
import sys
import time

import numpy

step, work, rows, features, trees, depth = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:7])


def data(n, seed):
    random = numpy.random.default_rng(seed)
    x = random.normal(size=(n, features)).astype(numpy.float32)
    weights = numpy.random.default_rng(0).normal(size=features) / numpy.sqrt(features)
    margin = 2 * x @ weights + x[:, 0] * x[:, 1] - numpy.abs(x[:, 2]) - 2.2
    x[random.random((n, features)) < 0.08] = numpy.nan
    return x, (random.random(n) < 1 / (1 + numpy.exp(-margin))).astype(numpy.uint8)


def record_of(first, columns):
    """Binary COPY of an integer, floats of four bytes and an integer (the label)."""
    n, k = columns.shape
    record = numpy.dtype([("n", ">i2"), ("lid", ">i4"), ("id", ">i4")] + [(f"{p}{i}", t) for i in range(k) for p, t in (("l", ">i4"), ("f", ">f4"))] + [("ly", ">i4"), ("y", ">i4")], align=False)
    out = numpy.zeros(n, record)
    out["n"], out["lid"], out["id"], out["ly"], out["y"] = k + 2, 4, numpy.arange(first, first + n), 4, 0
    for i in range(k):
        out[f"l{i}"], out[f"f{i}"] = 4, columns[:, i]
    return out


def copy(name, first, x, y):
    out = record_of(first, x)
    out["y"] = y
    with open(f"{work}/{name}", "wb") as file:
        file.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        out.tofile(file)
        file.write(b"\xff\xff")


def peak(reset=False):
    """Peak memory in MB; after a reset it starts again from what is in use."""
    if reset:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def clocked(run):
    begin = time.process_time()
    result = run()
    return time.process_time() - begin, result


def make():
    copy("train", 0, *data(rows, 1))
    copy("test", rows, *data(50000, 2))


def train_xgboost():
    import xgboost

    x, y = data(rows, 1)
    before = peak(reset=True)
    parameters = {"objective": "binary:logistic", "max_depth": depth, "eta": 0.1, "nthread": 1, "tree_method": "hist"}
    seconds, booster = clocked(lambda: xgboost.train(parameters, xgboost.QuantileDMatrix(x, y, nthread=1), trees))
    memory = peak() - before
    booster.save_model(f"{work}/xgboost.json")
    return seconds, memory, lambda x: booster.predict(xgboost.DMatrix(x, nthread=1))


def train_lightgbm():
    import lightgbm

    x, y = data(rows, 1)
    before = peak(reset=True)
    parameters = {"objective": "binary", "max_depth": depth, "num_leaves": 2**depth - 1, "learning_rate": 0.1, "num_threads": 1, "verbose": -1}
    seconds, booster = clocked(lambda: lightgbm.train(parameters, lightgbm.Dataset(x, y), trees))
    return seconds, peak() - before, lambda x: booster.predict(x, num_threads=1)


def train(fit):
    from sklearn.metrics import roc_auc_score

    seconds, memory, predict = fit()
    x, y = data(50000, 2)
    print(f"{seconds:.2f} {memory:.0f} {roc_auc_score(y, predict(x)):.5f}")


def score():
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(f"{work}/xgboost.json")
    x, _ = data(50000, 2)
    batch = min(clocked(lambda: booster.predict(xgboost.DMatrix(x, nthread=1)))[0] for _ in range(3))
    single = clocked(lambda: [booster.inplace_predict(x[i : i + 1]) for i in range(1000)])[0]
    print(f"{batch / 50000 * 1e6:.2f} {single / 1000 * 1e6:.2f}")


{"make": make, "xgboost": lambda: train(train_xgboost), "lightgbm": lambda: train(train_lightgbm), "score": score}[step]()

"""Splink 5 on DuckDB over a CSV file: usage: match_splink.py FILE RESULT. Prints what each step took; RESULT gets pairs and clusters."""
import logging
import resource
import sys
import time

import duckdb
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

logging.disable(logging.WARNING)
source, result = sys.argv[1:3]
started = time.perf_counter()


def lap(step):
    global started
    now = time.perf_counter()
    print(f"{step} {now - started:.3f}", flush=True)
    started = now


con = duckdb.connect()
con.execute("SET threads = 2")
con.execute("CREATE TABLE person AS SELECT * FROM read_csv(?, header = true, all_varchar = true, nullstr = '')", [source])
con.execute("ALTER TABLE person ALTER unique_id TYPE BIGINT")
lap("load")

settings = SettingsCreator(
    link_type="dedupe_only",
    blocking_rules_to_generate_predictions=[
        block_on("surname", "dob"),
        block_on("first_name", "dob"),
        block_on("email"),
        block_on("phone"),
        block_on("substr(first_name, 1, 4)", "substr(surname, 1, 4)", "city"),
        block_on("dob", "city"),
    ],
    comparisons=[
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        cl.EmailComparison("email"),
        cl.ExactMatch("city").configure(term_frequency_adjustments=True),
        cl.LevenshteinAtThresholds("phone", 2),
    ],
)
api = DuckDBAPI(connection=con)
linker = Linker(api.register("person"), settings)
training = linker.training
training.estimate_probability_two_random_records_match(
    [block_on("first_name", "surname", "dob"), block_on("email"), block_on("phone")], recall=0.7)
training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
training.estimate_parameters_using_expectation_maximisation(block_on("dob"), estimate_without_term_frequencies=True)
training.estimate_parameters_using_expectation_maximisation(block_on("email"), estimate_without_term_frequencies=True)
lap("train")
edges = linker.inference.predict(threshold_match_probability=0.5)
lap("predict")
clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(edges, threshold_match_probability=0.9)
lap("cluster")
con.execute(f"COPY (SELECT unique_id_l, unique_id_r, match_weight FROM {edges.physical_name}) TO '{result}.edges' (FORMAT csv, HEADER false)")
con.execute(f"COPY (SELECT unique_id, cluster_id FROM {clusters.physical_name}) TO '{result}.clusters' (FORMAT csv, HEADER false)")
lap("export")
print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")

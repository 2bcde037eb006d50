"""Renderings of the tables: Markdown, LaTeX, CSV."""

import csv
import io

import pytest

from isthmus.bench.render import paired_tests_csv, results_csv, runs_csv, to_latex, to_markdown
from isthmus.bench.report_tables import Table, TableCell, errors_table, failures_table
from isthmus.bench.results import GridResults


def test_the_table_in_markdown(results: GridResults) -> None:
    assert to_markdown(errors_table(results)) == (
        "|  | a, error % | b, nrmse | c | mean rank (2 of 3 tasks) | median time, s |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| one | 22.0 ± 2.0 | **0.00705 ± 0.00002** | - (0 of 1) | 1.50 | 2 |\n"
        "| two | **12.0 ± 2.0** | 0.00710 (1 of 3) | - (0 of 1) | 1.50 | 2 |\n"
        "\n"
        "Test errors, mean ± standard deviation over 3 seeds; lower is better, best in bold.\n"
        "\n"
        "(n of m): n of m seeds are there; ranks are over tasks in which every system has some.\n"
    )


def test_what_markdown_takes_for_a_column_is_escaped(results: GridResults) -> None:
    assert "| c | one | 0 | no \\| memory |\n" in to_markdown(failures_table(results))


def test_latex_is_escaped_and_aligned() -> None:
    row = [TableCell("~x^2 \\ {y}"), TableCell("1 ± 2 < 3", bold=True)]
    table = Table("50 % & more", ["a_b", "#"], [row], ["p."])
    assert to_latex(table).splitlines() == [
        r"\begin{table}",
        r"\centering",
        r"\caption{50 \% \& more. p.}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"a\_b & \# \\",
        r"\midrule",
        r"\textasciitilde{}x\textasciicircum{}2 \textbackslash{} \{y\} & \textbf{1 $\pm$ 2 $<$ 3} \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def read(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_holds_every_run_and_cell(results: GridResults) -> None:
    runs = read(runs_csv(results))
    assert [float(run["error"]) for run in runs[:2]] == [0.2, 0.22]
    assert [run["reason"] for run in runs if run["status"] == "failed"] == ["no | memory"]
    assert len(runs) == len(results.records)
    cells = read(results_csv(results))
    assert [float(cells[1][key]) for key in ("mean", "deviation")] == pytest.approx([12, 2])
    assert [cells[3][key] for key in ("unit", "deviation", "seeds", "asked")] == ["nrmse", "", "1", "3"]


def test_csv_holds_every_test(results: GridResults) -> None:
    tests = read(paired_tests_csv(results))
    assert [(t["method_a"], t["method_b"], t["over"], t["n"]) for t in tests] == [
        ("one", "two", "(task, seed)", "4"),
        ("one", "two", "tasks", "2"),
    ]
    assert all(0 < float(t["p"]) <= 1 for t in tests)

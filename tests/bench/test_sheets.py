"""Tables as they are written: Markdown, LaTeX, CSV."""

import csv
import io

import pytest

from isthmus.bench.formatting import written
from isthmus.bench.latex import latex
from isthmus.bench.markdown import markdown
from isthmus.bench.records import Row
from isthmus.bench.sheet import Sheet, Text, errors_sheet, failures_sheet, pairs_sheet, published_sheets
from isthmus.bench.spreadsheets import paired_csv, runs_csv, table_csv
from isthmus.bench.table import Table


@pytest.fixture(scope="module")
def table(rows_of):
    errors = {
        ("a", "one"): [0.2, 0.22, 0.24],
        ("a", "two"): [0.1, 0.12, 0.14],
        ("b", "one"): [0.00703, 0.00705, 0.00707],
        ("b", "two"): [0.0071, None, None],
    }
    failed = Row("c", "one", "swin-micro", 0, "failed", reason="no | memory")
    return Table([*rows_of(errors, {"b": "nrmse"}), failed, Row("c", "two", "swin-micro", 0, "missing")])


def test_the_table_in_markdown(table):
    assert markdown(errors_sheet(table)) == (
        "|  | a, error % | b, nrmse | c | mean rank (2 of 3 tasks) | median time, s |\n"
        "| --- | --- | --- | --- | --- | --- |\n"
        "| one | 22.0 ± 2.0 | **0.00705 ± 0.00002** | - (0 of 1) | 1.50 | 2 |\n"
        "| two | **12.0 ± 2.0** | 0.00710 (1 of 3) | - (0 of 1) | 1.50 | 2 |\n"
        "\n"
        "Test errors, mean ± standard deviation over 3 seeds; lower is better, best in bold.\n"
        "\n"
        "(n of m): n of m seeds are there; ranks are over tasks in which every system has some.\n"
    )


@pytest.mark.parametrize(
    ("metric", "mean", "deviation", "text"),
    [
        ("error", 0.12345, 0.01, "12.3 ± 1.0"),
        ("error", 1.0, None, "100.0"),
        ("rmse", 0.0, 0.0, "0.00 ± 0.00"),
        ("rmse", 123.4, 5.6, "123 ± 6"),
        ("rmse", 1.234, 0.5, "1.23 ± 0.50"),
        ("rmse", 0.00728, 0.0001, "0.00728 ± 0.00010"),
    ],
)
def test_three_figures_or_a_decimal_of_percent(metric, mean, deviation, text):
    assert written(metric, mean, deviation) == text


def test_metrics_that_differ_are_said(rows_of):
    rows = rows_of({("a", "one"): [0.2, 0.2]}) + rows_of({("a", "two"): [0.1, 0.1]}, {"a": "rmse"})
    lines = errors_sheet(Table(rows)).lines
    assert [line[1].text for line in lines] == ["20.0 ± 0.0 error %", "0.100 ± 0.000 rmse"]
    assert not any(cell.bold for line in lines for cell in line)


def test_pairs_against_a_reference_on_its_backbone(table, rows_of):
    lines = [[cell.text for cell in line] for line in pairs_sheet(table, "one").lines]
    assert [line[:2] for line in lines] == [["two - one", "4 (task, seed)"], ["two - one", "2 tasks"]]
    assert lines[0][2].endswith(" % of the mean of the two")  # in a and b metrics differ
    assert lines[0][3:5] == ["3", "1"]
    rows = rows_of({("a", m): [0.1, 0.2] for m in ("one", "two")})
    rows += [Row(**{**vars(row), "backbone": "vit"}) for row in rows]
    assert [line[0].text for line in pairs_sheet(Table(rows), "one").lines[::2]] == [
        "two, swin-micro - one, swin-micro",
        "two, vit - one, vit",
    ]


def test_failures_say_why(table):
    assert "| c | one | 0 | no \\| memory |\n" in markdown(failures_sheet(table))


def test_published_figures_stand_apart():
    sheets = published_sheets(["nasbench360/ninapro", "mine", "pdebench/darcy2d"])
    assert len(sheets) == 4
    for sheet in sheets:
        assert sheet.title.startswith("Published, not run here: Table ")
        assert "ICML 2024" in sheet.title
        assert len(sheet.header) == 2
    assert markdown(sheets[0]).splitlines()[2] == "|  | nasbench360/ninapro, 0-1 % |"
    assert "| DASH | 6.6 |\n" in markdown(sheets[0])
    assert "| PaRe | 6.53 |\n" in markdown(sheets[0])
    assert "|  | pdebench/darcy2d, nRMSE |\n" in markdown(sheets[1])
    assert "| U-Net | - |\n" in markdown(sheets[1])
    assert published_sheets(["mine"]) == []


def test_latex_is_escaped_and_aligned():
    sheet = Sheet("50 % & more", ["a_b", "#"], [[Text("~x^2 \\ {y}"), Text("1 ± 2 < 3", bold=True)]], ["p."])
    assert latex(sheet).splitlines() == [
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


def test_csv_holds_every_run_and_cell(table):
    runs = read(runs_csv(table))
    assert [float(run["error"]) for run in runs[:2]] == [0.2, 0.22]
    assert [run["reason"] for run in runs if run["status"] == "failed"] == ["no | memory"]
    assert len(runs) == len(table.rows)
    cells = read(table_csv(table))
    assert [float(cells[1][key]) for key in ("mean", "deviation")] == pytest.approx([12, 2])
    assert [cells[3][key] for key in ("unit", "deviation", "seeds", "asked")] == ["nrmse", "", "1", "3"]


def test_csv_holds_every_test(table):
    tests = read(paired_csv(table))
    assert [(t["method_a"], t["method_b"], t["over"], t["n"]) for t in tests] == [
        ("one", "two", "(task, seed)", "4"),
        ("one", "two", "tasks", "2"),
    ]
    assert all(0 < float(t["p"]) <= 1 for t in tests)

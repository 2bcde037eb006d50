"""`isthmus compare` and `isthmus report`: the words, and what is said."""

import sys

import pytest
import yaml

from isthmus.bench import Comparison

SHORT = [word for key in ("epochs", "epoch_steps") for word in ("--set", f"{key}=1")]


@pytest.mark.slow
def test_compare_goes_on_and_report_makes_the_tables_again(run, backbones, tmp_path):
    """With worker processes as users have them."""
    words = ["compare", "digits100", "--methods", "nft,scratch", "--backbones", backbones["vit"], *SHORT]
    code, out, said = run(*words, "--seeds", "0,", "--out", "grid", "--processes", "1")
    assert code == 0, said
    assert [line.split()[:2] for line in said.splitlines()] == [
        ["1/2", "digits100/nft-vit-0:"],
        ["2/2", "digits100/scratch-vit-0:"],
    ]
    files = "table.md, table.tex, table.csv, runs.csv, tests.csv"
    assert out == f"{(tmp_path / 'grid' / 'table.md').read_text()}\n\nwritten to grid: {files}\n"
    assert run(*words, "--seeds", "1", "--out", "grid") == (0, out, "")  # the same seeds, nothing left to do

    grid = yaml.safe_load((tmp_path / "grid" / "grid.yaml").read_text())
    assert grid["seeds"] == [0]
    assert grid["settings"]["epochs"] == 1
    assert run("compare", "--config", "grid/grid.yaml", "--out", "grid")[0] == 0

    (tmp_path / "page.md").write_text("<!-- isthmus report grid -->\n<!-- end of report -->\n")
    code, out, said = run("report", "grid", "--into", "page.md", "--reference", "scratch")
    assert (code, said) == (0, "")
    assert (
        out == f"{Comparison('grid', 'scratch')}\n\nwritten to grid: {files}\npage: grid/report/index.html\n"
    )
    assert (tmp_path / "grid" / "report" / "index.html").is_file()
    run_folder = next((tmp_path / "grid" / "runs" / "digits100").iterdir())
    assert run("report", run_folder) == (0, f"page: {run_folder}/report/index.html\n", "")
    assert Comparison("grid", "scratch").markdown() in (tmp_path / "page.md").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "the setting 'tasks' is []: give at least one; `isthmus list tasks` shows what there is"),
        (["digit100"], "unknown task 'digit100'; did you mean 'digits100'?"),
        (["digits100", "--methods", "nft,ntf"], "unknown method 'ntf'; did you mean 'nft'?"),
        (["digits100", "--methods", "nft,nft"], "two are labelled 'nft'; give one of them another label"),
        (["digits100", "--methods", ","], "the setting 'methods' is []: give at least one"),
        (["digits100", "--backbones", "./none"], "there is no folder './none'"),
        (["digits100", "--seeds", "0,x"], "--seeds holds 'x'; give numbers such as 0,1,2, or how many"),
        (["digits100", "--seeds", "0"], "give at least one seed, and each once"),
        (["digits100", "--processes", "0"], "processes is 0; give 1 or more"),
        (["digits100", "--reference", "orca"], "unknown method to test against 'orca'"),
        (["digits100", "--set", "epoch=1"], "unknown setting 'epoch'; did you mean 'epochs'?"),
        (["digits100", "--set", "out=x"], "unknown setting 'out'"),
        (["digits100", "--set", "method.start=1"], "'method' is no setting of a grid: give methods"),
        (["digits100", "--preset", "table3"], "unknown preset 'table3'; did you mean 'table"),
        (["--config", "none.yaml"], "there is no file or folder 'none.yaml'"),
        (["--config", "wrong.yaml"], "unknown key of a grid 'task'; did you mean 'tasks'?"),
        (["--config", "bare.yaml"], "the settings of a grid are 3; give keys and values"),
        (["digits100", "--out", "wrong.yaml"], "'wrong.yaml' is not a folder"),
        (["digits100", "--out", "."], "'.' is not empty and holds no grid; give another folder"),
        (["digits100", "--bogus"], "No such option: --bogus"),
    ],
)
def test_wrong_words(run, tmp_path, words, message, refused):
    (tmp_path / "wrong.yaml").write_text("task: [digits100]\n")
    (tmp_path / "bare.yaml").write_text("tasks: [digits100]\nsettings: 3\n")
    assert message in refused(run("compare", *words))
    assert {path.name for path in tmp_path.iterdir()} == {"wrong.yaml", "bare.yaml"}


def test_wrong_words_of_report(run, tmp_path, refused):
    assert "'none' is neither the folder of a finished run" in refused(run("report", "none"))
    assert "Missing argument 'folder'; see isthmus report --help" in refused(run("report"))


def test_an_interrupt_says_how_to_go_on(run, monkeypatch):
    def strike(*anything: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["isthmus.bench.compare"], "complete_grid", strike)
    assert run("compare", "digits100", "--seeds", "2") == (
        130,
        "",
        "isthmus: interrupted; go on with: isthmus compare digits100 --seeds 2\n",
    )

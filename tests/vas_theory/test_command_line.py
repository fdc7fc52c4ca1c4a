"""``python -m vas_theory`` as a user sees it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vas_theory.__main__ import main


def test_list_as_json_has_the_promised_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == 0
    claims = json.loads(capsys.readouterr().out)["claims"]
    assert {"id", "title", "source", "verdict", "certificate", "tightness", "seconds"} <= set(claims[0])
    assert [claim["id"] for claim in claims] == sorted(claim["id"] for claim in claims)
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert {claim["id"] for claim in claims} <= {line.split(" ")[0] for line in lines}


def test_verify_prints_json_alone_on_standard_output(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    target = tmp_path / "deep" / "ledger.json"
    assert main(["verify", "b02", "A06", "--json", "--output", str(target)]) == 0
    captured = capsys.readouterr()
    answer = json.loads(captured.out)
    assert answer["passed"] is True
    assert [claim["id"] for claim in answer["claims"]] == ["B02", "A06"]
    assert "[1/2] B02 ok" in captured.err
    assert json.loads(target.read_text()) == answer


def test_show_prints_statement_verdict_and_worst_instance(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "A06"]) == 0
    shown = capsys.readouterr().out
    for part in ("refuted", "0 >= 4/27 is false", "it lacked", "corrected by", "worst"):
        assert part in shown


def test_an_id_may_leave_out_its_zero(capsys: pytest.CaptureFixture[str]) -> None:
    for short, whole in (("a6", "A06"), ("B2", "B02")):
        assert main(["show", short, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["id"] == whole
    assert main(["show", "a0"]) == 2
    assert "A00" in capsys.readouterr().err


def test_recording_a_part_of_the_ledger_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "B02", "--record"]) == 2
    assert "--record must come without ids" in capsys.readouterr().err


class TestAudit:
    def _file(self, tmp_path: Path, text: str) -> str:
        path = tmp_path / "bandit.toml"
        path.write_text(text)
        return str(path)

    def test_every_bound_beside_the_exact_quantity(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = self._file(tmp_path, "probs = [0.7, 0.2, 0.1]\nrewards = [1.0, 0.0, 0.0]\ngroup_size = 8\n")
        assert main(["audit", path, "--json"]) == 0
        rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)["rows"]}
        # by hand: V = .7, A = (.3, -.7, -.7), grad = (.21, -.14, -.07), Var = .21, rho = sqrt(2/3)
        assert rows["B02"]["left"] == pytest.approx((0.21**2 + 0.14**2 + 0.07**2) ** 0.5)
        assert rows["B02"]["right"] == pytest.approx(0.21 / (2 / 3) ** 0.5)
        assert all(row["holds"] for row in rows.values() if row["verdict"] in ("proved", "conditional"))

    @pytest.mark.parametrize(
        ("text", "needle"),
        [
            ("probs = [0.5, 0.6]\nrewards = [1, 0]", "sum to 1"),
            ("probs = [0.5, 0.5]\nrewards = [1, 0, 1]", "as many entries"),
            ("rewards = [1, 0]", "probs or logits must be given"),
            ("probs = [0.5, 0.5]", "rewards must be given"),
            ("probs = [0.5, 0.5]\nrewards = [1, nan]", "finite"),
            ("probs = [0.5, 0.5]\nrewards = [1, 0]\ngroup_size = 1", "in [2, 1000]"),
            ("probs = [0.5, 0.5]\nrewards = [1, 0]\ngroup_size = 1001", "in [2, 1000]"),
            (f"probs = [0.5, 0.5]\nrewards = [1{'0' * 400}, 0]", "rewards must be finite"),
            ("probs = [0.5, 0.5]\nrewards = [1, 0]\nextra = 1", "key 'extra'"),
            ("probs = 0.5\nrewards = [1, 0]", "list of at least two numbers"),
            ("probs = [", "not valid TOML"),
        ],
    )
    def test_bad_instances_are_named(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, needle: str
    ) -> None:
        assert main(["audit", self._file(tmp_path, text)]) == 2
        assert needle in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "probs=[1,0]\nrewards=[0,1]",
        "logits=[-400,0]\nrewards=[1,0]",
        "probs=[5e-324,1]\nrewards=[1,0]",
        "probs=[0.5,0.5]\nrewards=[1e-170,0]",
    ],
)
def test_what_underflows_fails_no_certified_claim(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "instance.toml"
    path.write_text(text, encoding="utf-8")
    assert main(["audit", str(path)]) == 0
    assert "FAILS" not in capsys.readouterr().out
    assert main(["audit", str(path), "--json"]) == 0

    def refuse(word: str) -> None:
        raise AssertionError(word)

    rows = json.loads(capsys.readouterr().out, parse_constant=refuse)["rows"]
    assert {row["holds"] for row in rows if row["verdict"] == "proved"} <= {True, None}


def test_a_bandit_to_which_no_claim_applies_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "instance.toml"
    path.write_text("probs=[0.7,0.3]\nrewards=[1e300,0]", encoding="utf-8")
    assert main(["audit", str(path)]) == 0
    assert "no claim applies" in capsys.readouterr().err


def test_the_largest_group_of_an_audit_is_exact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "instance.toml"
    path.write_text("probs=[0.7,0.3]\nrewards=[1,0]\ngroup_size=1000", encoding="utf-8")
    assert main(["audit", str(path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert len(rows) >= 20
    assert all(row["holds"] for row in rows if row["verdict"] == "proved")


def test_a_tilde_is_the_users_folder_and_a_seed_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert main(["verify", "A11", "--output", "~/found.json"]) == 0
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["found.json"]
    capsys.readouterr()
    assert main(["verify", "A11", "--seed", "-1"]) == 2
    assert "seed must be an integer in [0, 2**64)" in capsys.readouterr().err

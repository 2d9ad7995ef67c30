"""Two accounts, one that reads and one that writes, through the real command line."""

from __future__ import annotations

from pathlib import Path

from tests.daemon.commands import story_now, workplace


def test_what_we_posted_with_another_account_makes_us_send_nothing_more(tmp_path: Path) -> None:
    with workplace(tmp_path, story_now("upgrade"), whole=True) as place:
        state = place.github.state
        state.add_user("acme-writer")
        state.permit("acme-writer", "write-token")
        config = place.config.read_text(encoding="utf-8")
        assert config.count("kind: github\n") == 1
        config = config.replace("kind: github\n", "kind: github\n    write_token: {env: GITHUB_WRITE_TOKEN}\n")
        place.config.write_text(config, encoding="utf-8")

        def cycle() -> list[str]:
            before = len(place.github.requests)
            assert place.planward("sync", GITHUB_WRITE_TOKEN="write-token").code == 0
            sent = [r for r in place.github.requests[before:] if r.method != "GET" and "graphql" not in r.path]
            return [f"{request.method} {request.path}" for request in sent]

        first, second, third = cycle(), cycle(), cycle()

        written = [state.key(item) for item in state.items.values() if item.body.startswith("<!-- planward:")]
        assert written
        assert all(state.item(key).author == state.account("acme-writer").id for key in written)
        assert (len(first) > 0, second, third) == (True, [], [])

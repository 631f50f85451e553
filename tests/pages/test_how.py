"""The page that shows what a convolution does, with numbers that can be changed."""

from tests.pages.conftest import Open, said


def test_sum_of_the_window_is_shown_and_follows_the_place(workspace, open_page: Open):
    app = open_page(workspace, "how", picture="upright edge", kernel="upright edge", place="2")
    assert not app.exception
    assert "= 27" in said(app)
    app.slider[0].set_value(1).run()
    assert "= 0" in said(app)
    assert app.query_params.get("place") in (None, ["1"])


def test_changed_numbers_come_from_the_link(workspace, open_page: Open):
    numbers = ",".join(["1"] * 9)
    app = open_page(workspace, "how", picture="dot", **{"kernel-numbers": numbers})
    assert not app.exception
    assert "9 · 1 = 9" in said(app)
    assert app.query_params["kernel-numbers"] == [numbers]


def test_stride_and_padding_change_the_size(workspace, open_page: Open):
    app = open_page(workspace, "how", stride="2", padding="same")
    assert "became 3 x 3" in said(app)
    app = open_page(workspace, "how", stride="3")
    assert "became 1 x 1" in said(app)
    assert "does not fit" in said(app)  # of the pooling


def test_nonsense_in_the_address_shows_the_defaults(workspace, open_page: Open):
    app = open_page(
        workspace,
        "how",
        picture="none",
        stride="x",
        place="99",
        **{"picture-numbers": "1,2", "kernel-numbers": "a,b"},
    )
    assert not app.exception
    assert "place 9" not in said(app)
    assert "became 3 x 3" in said(app)

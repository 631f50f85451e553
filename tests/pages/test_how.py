"""The page that shows what a convolution does, with numbers that can be changed."""

from streamlit.testing.v1 import AppTest

from tests.pages.conftest import Open, said


def text_of(app: AppTest) -> str:
    return said(app).replace("\\", "")


def test_sum_of_the_window_is_shown_and_follows_the_place(workspace, open_page: Open):
    app = open_page(workspace, "how", picture="upright edge", kernel="upright edge", at="2")
    assert not app.exception
    assert "= 27" in text_of(app)
    app.slider[0].set_value(1).run()
    assert "= 0" in text_of(app)
    assert app.query_params.get("at") in (None, ["1"])


def test_changed_numbers_come_from_the_link(workspace, open_page: Open):
    numbers = ",".join(["1"] * 9)
    app = open_page(workspace, "how", picture="dot", **{"kernel-numbers": numbers})
    assert not app.exception
    assert "9 · 1 = 9" in text_of(app)
    assert app.query_params["kernel-numbers"] in (numbers, [numbers])


def test_stride_and_padding_change_the_size(workspace, open_page: Open):
    app = open_page(workspace, "how", stride="2", padding="same")
    assert "became 3 x 3" in text_of(app)
    app = open_page(workspace, "how", stride="3")
    assert "became 1 x 1" in text_of(app)
    assert "does not fit" in text_of(app)  # of the pooling


def test_nonsense_in_the_address_shows_the_defaults(workspace, open_page: Open):
    app = open_page(
        workspace,
        "how",
        picture="none",
        stride="x",
        at="99",
        **{"picture-numbers": "1,2", "kernel-numbers": "a,b"},
    )
    assert not app.exception
    assert "place 9" not in text_of(app)
    assert "became 3 x 3" in text_of(app)

"""The microphone of the playground: opened once, and released however the dictation ends."""

from __future__ import annotations

from typing import Any

# The browser's own audio graph in place of a microphone. `permit` is the click on "Allow".
MICROPHONE = """
window.opened = [];
navigator.mediaDevices.getUserMedia = async () => {
  const { stream } = new AudioContext().createMediaStreamDestination();
  opened.push(...stream.getTracks());
  await new Promise((resolve) => (window.permit = resolve));
  return stream;
};
"""
CLICK_TWICE = "() => { const button = document.querySelector('[data-record]'); button.click(); button.click(); }"
NO_RECORDER = "() => { window.MediaRecorder = class { constructor() { throw new Error('no codec'); } }; }"
LIVE = "opened.filter((track) => track.readyState === 'live').length"


def test_a_microphone_is_opened_once_and_always_released(open_page: Any) -> None:
    page = open_page("light", 1440)
    page.add_init_script(MICROPHONE)
    page.route("**/*", lambda route: route.fulfill(json={"text": ""}) if is_sound(route.request) else route.fallback())
    page.goto("/admin/playground/")
    button, problem = page.locator("[data-record]"), page.locator("#problem")

    page.evaluate(CLICK_TWICE)
    page.evaluate("permit()")
    page.get_by_role("button", name="Stop and ask").wait_for()
    assert page.evaluate("opened.length") == 1
    page.evaluate(CLICK_TWICE)
    problem.filter(has_text="Nothing was understood").wait_for()
    assert (page.evaluate("opened.length"), page.evaluate(LIVE)) == (1, 0)

    page.evaluate(NO_RECORDER)
    page.evaluate(CLICK_TWICE)
    page.evaluate("permit()")
    problem.filter(has_text="no codec").wait_for()
    assert (page.evaluate("opened.length"), page.evaluate(LIVE)) == (2, 0)
    assert button.is_enabled()


def is_sound(request: Any) -> bool:
    return "multipart/form-data" in request.headers.get("content-type", "")

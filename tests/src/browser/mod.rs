//! A page as somebody sees and uses it: in a Chromium of its own, without a window.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

mod chromium;

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};

use self::chromium::Chromium;
use crate::patience::eventually;

/// What a page is looked at on.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// CSS pixels from left to right.
    pub width: u32,
    /// CSS pixels from top to bottom.
    pub height: u32,
    /// Whether it is a phone's: the page may say how wide it wants to be, and there is no pointer but a finger.
    pub is_phone: bool,
}

/// A desk's.
pub const DESK: Screen = Screen { width: 1280, height: 900, is_phone: false };
/// A small phone's.
pub const PHONE: Screen = Screen { width: 360, height: 740, is_phone: true };

/// Which colours the reader's system asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Dark text on light ground.
    Light,
    /// Light text on dark ground.
    Dark,
}

/// An open page.
#[derive(Debug)]
pub struct Page {
    chromium: Chromium,
    session: String,
}

impl Page {
    /// Opens a text in HTML from a file, and waits until it is loaded.
    pub fn open(html: &str, screen: Screen) -> Self {
        let mut chromium = Chromium::start();
        let file = chromium.folder().join("page.html");
        fs::write(&file, html).expect("a file can be written in the browser's folder");
        let mut of_browser = |method: &str, parameters| chromium.call(None, method, &parameters).expect("a tab");
        let tab = of_browser("Target.createTarget", json!({ "url": "about:blank" }));
        let session = of_browser("Target.attachToTarget", json!({ "targetId": tab["targetId"], "flatten": true }));
        let session = session["sessionId"].as_str().expect("a session has a name").to_owned();
        let mut page = Self { chromium, session };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), &json!({}));
        }
        page.show_on(screen);
        page.call("Page.navigate", &json!({ "url": format!("file://{}", file.display()) }));
        page.chromium.wait_for("Page.loadEventFired");
        page
    }

    /// Puts it on another screen.
    pub fn show_on(&mut self, screen: Screen) {
        let Screen { width, height, is_phone } = screen;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.call("Emulation.setDeviceMetricsOverride", &metrics);
        self.call("Emulation.setTouchEmulationEnabled", &json!({ "enabled": is_phone }));
    }

    /// Has the reader's system ask for these colours.
    pub fn prefer(&mut self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": value }]);
        self.call("Emulation.setEmulatedMedia", &json!({ "features": features }));
    }

    /// What an expression of JavaScript comes to, as JSON; a promise is waited for. It is not bound by the page's policy.
    #[track_caller]
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true });
        let mut outcome = self.call("Runtime.evaluate", &parameters);
        let thrown = &outcome["exceptionDetails"];
        assert!(thrown.is_null(), "{}\n{expression}", text_of(thrown));
        outcome["result"]["value"].take()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn wait_until(&mut self, expression: &str) {
        eventually(expression, || (self.evaluate(expression) == true).then_some(()));
    }

    /// Clicks in the middle of the element that an expression names.
    #[track_caller]
    pub fn click(&mut self, element: &str) {
        let [x, y] = self.place_of(element, 0.5);
        self.mouse("mousePressed", x, y);
        self.mouse("mouseReleased", x, y);
    }

    /// Drags over the element that an expression names, from one part of its width to another, at half its height.
    #[track_caller]
    pub fn drag_over(&mut self, element: &str, from: f64, to: f64) {
        let [[left, y], [right, _]] = [self.place_of(element, from), self.place_of(element, to)];
        self.mouse("mouseMoved", left, y);
        self.mouse("mousePressed", left, y);
        // On the way, too: a press and a release alone are a click.
        for x in [f64::midpoint(left, right), right] {
            self.mouse("mouseMoved", x, y);
        }
        self.mouse("mouseReleased", right, y);
    }

    /// Presses a key that writes nothing, or Enter.
    #[track_caller]
    pub fn press(&mut self, key: &str) {
        let text = if key == "Enter" { "\r" } else { "" };
        let code = json!({ "Enter": 13, "Tab": 9 })[key].clone();
        let parameters =
            json!({ "type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text });
        self.call("Input.dispatchKeyEvent", &parameters);
        self.call("Input.dispatchKeyEvent", &json!({ "type": "keyUp", "key": key, "code": key }));
    }

    /// The page as a PDF of A4.
    pub fn pdf(&mut self) -> Vec<u8> {
        self.data("Page.printToPDF", &json!({ "paperWidth": 8.27, "paperHeight": 11.69, "printBackground": true }))
    }

    /// What is seen of the page, as a PNG.
    pub fn screenshot(&mut self) -> Vec<u8> {
        self.data("Page.captureScreenshot", &json!({ "format": "png" }))
    }

    /// What was said against the page so far: errors and warnings on the console, of scripts and of the browser, such as of
    /// what the page's policy forbids.
    pub fn complaints(&mut self) -> Vec<String> {
        // What came before its answer is known by then.
        self.evaluate("null");
        self.chromium.events().iter().filter_map(complaint).collect()
    }

    /// What the page has loaded: addresses, its own first.
    pub fn loaded(&mut self) -> Vec<String> {
        self.evaluate("null");
        let sent = self.chromium.events().iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        sent.map(|event| event["params"]["request"]["url"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Where a part of the width of an element lies on the screen, at half its height; scrolled there if need be.
    #[track_caller]
    fn place_of(&mut self, element: &str, part: f64) -> [f64; 2] {
        let place = self.evaluate(&format!(
            "(() => {{
                const element = {element};
                element.scrollIntoView({{ block: 'center', inline: 'center', behavior: 'instant' }});
                const {{ x, y, width, height }} = element.getBoundingClientRect();
                return [x + width * {part}, y + height / 2];
            }})()"
        ));
        [0, 1].map(|axis| place[axis].as_f64().expect("an element has a place"))
    }

    #[track_caller]
    fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        let is_held = kind != "mouseReleased";
        let parameters = json!({
            "type": kind, "x": x, "y": y, "button": "left", "buttons": u8::from(is_held), "clickCount": 1,
        });
        self.call("Input.dispatchMouseEvent", &parameters);
    }

    #[track_caller]
    fn data(&mut self, method: &str, parameters: &Value) -> Vec<u8> {
        let answer = self.call(method, parameters);
        BASE64.decode(answer["data"].as_str().unwrap_or_default()).expect("data comes in base64")
    }

    #[track_caller]
    fn call(&mut self, method: &str, parameters: &Value) -> Value {
        let outcome = self.chromium.call(Some(&self.session), method, parameters);
        outcome.unwrap_or_else(|error| panic!("{method} {parameters}: {error}"))
    }
}

/// What an event says against a page.
fn complaint(event: &Value) -> Option<String> {
    let said = &event["params"];
    match event["method"].as_str()? {
        "Runtime.exceptionThrown" => Some(text_of(&said["exceptionDetails"])),
        "Runtime.consoleAPICalled" if is_one_of(&said["type"], &["error", "warning", "assert"]) => {
            Some(said["args"].to_string())
        }
        "Log.entryAdded" if is_one_of(&said["entry"]["level"], &["error", "warning"]) => {
            Some(said["entry"].to_string())
        }
        _ => None,
    }
}

fn is_one_of(value: &Value, words: &[&str]) -> bool {
    value.as_str().is_some_and(|value| words.contains(&value))
}

/// An exception in words: what was thrown, with its place, where it is an error.
fn text_of(exception: &Value) -> String {
    let description = exception["exception"]["description"].as_str();
    description.or(exception["text"].as_str()).unwrap_or("an exception without words").to_owned()
}

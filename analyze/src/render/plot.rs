//! Charts as plotly figures. Colours are the page's, which knows whether it is dark: see `report.js`.

use plotly::common::{Anchor, Line as Stroke, Marker, Mode, Orientation};
use plotly::configuration::DisplayModeBar;
use plotly::layout::{Axis as Scaled, AxisType, HoverMode, Layout, Legend, Margin, RangeMode};
use plotly::{Configuration, Plot, Scatter};

use runlog::text::printable;
use runlog::units::Nanos;

use crate::section::{Axis, Chart, Unit};

/// How values of a unit are drawn: the factor to the axis' unit, its number format and what follows the number.
struct Scale {
    factor: f64,
    format: &'static str,
    hover: &'static str,
    suffix: &'static str,
}

const fn scale(unit: Unit) -> Scale {
    match unit {
        // With `s` as the type, d3 chooses milli or micro.
        Unit::Time => Scale { factor: 1e-9, format: "~s", hover: ".3~s", suffix: "s" },
        Unit::PerSecond => Scale { factor: 1.0, format: ",", hover: ",.4~r", suffix: "/s" },
        Unit::Count => Scale { factor: 1.0, format: ",", hover: ",.4~r", suffix: "" },
        Unit::Bytes => Scale { factor: 1.0, format: "~s", hover: ".4~s", suffix: "B" },
        Unit::BytesPerSecond => Scale { factor: 1.0, format: "~s", hover: ".4~s", suffix: "B/s" },
        Unit::Number => Scale { factor: 1.0, format: "~g", hover: ".4~g", suffix: "" },
        Unit::Share => Scale { factor: 1.0, format: ".0%", hover: ".1%", suffix: "" },
    }
}

/// A chart as a figure.
pub fn figure(chart: &Chart) -> Plot {
    let scale = scale(chart.unit);
    let at: Vec<f64> = places(&chart.axis);
    let mut plot = Plot::new();
    for line in &chart.lines {
        let values: Vec<Option<f64>> =
            line.values.iter().map(|value| value.map(|value| value * scale.factor)).collect();
        let mut trace = Scatter::new(at.clone(), values)
            .name(plain(&line.name))
            .mode(Mode::LinesMarkers) // a value between two gaps has no line
            .line(Stroke::new().width(1.5))
            .marker(Marker::new().size(3))
            .connect_gaps(false);
        if chart.stacked {
            trace = trace.stack_group("all").mode(Mode::Lines);
        }
        plot.add_trace(trace);
    }
    plot.set_layout(layout(chart, &scale));
    plot.set_configuration(Configuration::new().responsive(true).display_mode_bar(DisplayModeBar::False));
    plot
}

fn places(axis: &Axis) -> Vec<f64> {
    match axis {
        Axis::Time(at) => at.iter().map(|at| at.as_secs_f64()).collect(),
        Axis::Percentile(places) | Axis::Rate(places) => places.clone(),
    }
}

fn layout(chart: &Chart, scale: &Scale) -> Layout {
    let y =
        Scaled::new().tick_format(scale.format).hover_format(scale.hover).tick_suffix(scale.suffix).auto_margin(true);
    let y = match chart.unit {
        Unit::Time => {
            let ticks = ticks(chart);
            let text = ticks.iter().map(Nanos::to_string).collect();
            y.type_(AxisType::Log).tick_values(ticks.iter().map(|tick| tick.as_secs_f64()).collect()).tick_text(text)
        }
        _ => y.range_mode(RangeMode::ToZero),
    };
    let end = places(&chart.axis).last().copied().unwrap_or(0.0);
    let x = Scaled::new().tick_suffix(" s").hover_format(",.1f").zero_line(false).range(vec![0.0, end]);
    let legend = Legend::new().orientation(Orientation::Horizontal).x(0.0).y(1.02).y_anchor(Anchor::Bottom);
    Layout::new()
        .x_axis(x)
        .y_axis(y)
        .hover_mode(HoverMode::XUnified)
        .show_legend(true)
        .legend(legend)
        .margin(Margin::new().left(56).right(12).top(30).bottom(36))
        .height(280)
}

/// Above so many times between least and most, only powers of ten are labelled.
const WIDE: f64 = 500.0;

/// Where a logarithmic axis of times is labelled: plotly's own labels leave out the unit between powers of ten.
fn ticks(chart: &Chart) -> Vec<Nanos> {
    let values = || chart.lines.iter().flat_map(|line| &line.values).flatten().copied().filter(|value| *value > 0.0);
    let (least, most) = (values().fold(f64::MAX, f64::min), values().fold(0.0, f64::max));
    let steps: &[u64] = if most > least * WIDE { &[1] } else { &[1, 2, 5] };
    let powers = (0..14).map(|power| 10_u64.pow(power));
    powers.flat_map(|power| steps.iter().map(move |step| Nanos(step * power))).collect()
}

/// A name without what plotly would take for markup.
fn plain(name: &str) -> String {
    printable(name).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

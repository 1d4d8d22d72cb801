//! The table as a picture: a row a case, a dot a system, how many times ours it costs, on a logarithmic scale.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::cases::Case;
use crate::runner::Measured;
use crate::systems::Name;

const WIDTH: u32 = 1_000;
const ROW: u32 = 26;
const TOP: u32 = 90;
const BOTTOM: u32 = 50;
const LEFT: u32 = 330;

fn color(name: Name) -> RGBColor {
    // Okabe and Ito's palette, which everybody can tell apart.
    match name {
        Name::Airssys => RGBColor(0, 0, 0),
        Name::Kameo => RGBColor(230, 159, 0),
        Name::Ractor => RGBColor(86, 180, 233),
        Name::Xtra => RGBColor(0, 158, 115),
        Name::TokioActor => RGBColor(213, 94, 0),
        Name::TokioBare => RGBColor(240, 228, 66),
        Name::Actix => RGBColor(0, 114, 178),
        Name::Erlang => RGBColor(204, 121, 167),
    }
}

/// The cases in which ours was measured, as an SVG file.
pub fn draw(cases: &[&'static Case], all: &[Measured], file: &Path) -> Result<(), Box<dyn Error>> {
    let of = |case: &Case, name: Name| {
        all.iter().find(|measured| measured.case.key == case.key && measured.name == name)
    };
    // The last one lies at the bottom.
    let rows: Vec<_> =
        cases.iter().rev().filter_map(|case| Some((*case, of(case, Name::Airssys)?.median()))).collect();
    let ratios = rows.iter().flat_map(|(case, ours)| {
        all.iter().filter(|it| it.case.key == case.key).map(|it| it.median() / *ours)
    });
    let (least, most) = ratios.fold((0.5_f64, 2.0_f64), |(least, most), it| (least.min(it), most.max(it)));
    let height = TOP + BOTTOM + ROW * rows.len() as u32;
    let root = SVGBackend::new(file, (WIDTH, height)).into_drawing_area();
    root.fill(&WHITE)?;
    let font = ("sans-serif", 14).into_font();
    root.draw(&Text::new(
        "Cost beside airssys-rt (left of 1: faster than it, right: slower)",
        (20, 16),
        ("sans-serif", 18).into_font(),
    ))?;

    let mut across = 20;
    for name in Name::COLUMNS.iter().filter(|name| all.iter().any(|it| it.name == **name)) {
        root.draw(&Circle::new((across, 56), 5, color(*name).filled()))?;
        root.draw(&Text::new(name.title(), (across + 10, 49), font.clone()))?;
        across += 40 + name.title().len() as i32 * 7;
    }

    let mut chart = ChartBuilder::on(&root)
        .margin_top(TOP)
        .margin_right(30)
        .x_label_area_size(BOTTOM)
        .margin_left(LEFT)
        .build_cartesian_2d((least * 0.8..most * 1.25).log_scale(), -0.5..rows.len() as f64 - 0.5)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .x_labels(12)
        .x_label_formatter(&|ratio| if *ratio < 1.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") })
        .x_desc("times the cost of airssys-rt")
        .label_style(font.clone())
        .draw()?;
    let area = chart.plotting_area();
    area.draw(&PathElement::new([(1.0, -0.5), (1.0, rows.len() as f64 - 0.5)], BLACK.stroke_width(1)))?;
    for (place, (case, ours)) in rows.iter().enumerate() {
        let place = place as f64;
        area.draw(&PathElement::new(
            [(least * 0.8, place), (most * 1.25, place)],
            RGBColor(225, 225, 225).stroke_width(1),
        ))?;
        for name in Name::COLUMNS.iter().rev() {
            if let Some(measured) = of(case, *name) {
                let at = (measured.median() / ours, place);
                area.draw(&Circle::new(at, 5, color(*name).filled()))?;
            }
        }
        let (_, y) = area.map_coordinate(&(1.0, place));
        let style = TextStyle::from(font.clone()).pos(Pos::new(HPos::Right, VPos::Center));
        root.draw(&Text::new(case.title, (LEFT as i32 - 12, y), style))?;
    }
    root.present()?;
    Ok(())
}

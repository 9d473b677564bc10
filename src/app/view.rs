//! How renderers should look on the place that output goes to.

use super::output::Canvas;
use crate::report::{Look, Style};

/// The look for one output.
pub fn look(canvas: Canvas, verbose: bool) -> Look {
    Look {
        style: if canvas.color { Style::Color } else { Style::Plain },
        unicode: canvas.utf8,
        width: usize::from(canvas.width),
        verbose,
    }
}

//! How far a file is on its way: one line on a terminal.

use std::env;
use std::time::Instant;

use cairn_client::{Progress as Moved, Step};

use crate::ui::progress::Progress;
use crate::ui::size::Size;

/// The line of one transfer.
#[derive(Debug)]
pub(crate) struct Bar {
    progress: Progress,
    is_coloured: bool,
    /// When the first bytes moved, and how many were there by then.
    began: Option<(Instant, u64)>,
}

const WIDTH: u64 = 30;

impl Bar {
    pub(crate) fn new() -> Self {
        let is_coloured = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            progress: Progress::new(),
            is_coloured,
            began: None,
        }
    }

    /// Shows how far it is, if it is time to.
    pub(crate) fn update(&mut self, moved: Moved) {
        self.began = began(self.began, moved);
        let speed = self.began.map(|(since, from)| {
            let seconds = since.elapsed().as_secs_f64().max(0.001);
            Size((moved.done_bytes.saturating_sub(from) as f64 / seconds) as u64)
        });
        self.progress
            .update(|| line(moved, speed, self.is_coloured));
    }
}

/// When the first bytes moved, and how many were there by then. A transfer that falls back has begun anew.
fn began(before: Option<(Instant, u64)>, moved: Moved) -> Option<(Instant, u64)> {
    match (moved.step, before) {
        (Step::Moving, Some((_, from))) if moved.done_bytes < from => {
            Some((Instant::now(), moved.done_bytes))
        }
        (Step::Moving, None) => Some((Instant::now(), moved.done_bytes)),
        (Step::Moving | Step::Reading, before) => before,
    }
}

fn line(moved: Moved, speed: Option<Size>, is_coloured: bool) -> String {
    let Moved {
        step,
        done_bytes,
        total_bytes,
    } = moved;
    let share = |of: u64| {
        u64::try_from(u128::from(done_bytes) * u128::from(of) / u128::from(total_bytes.max(1)))
            .unwrap_or(of)
            .min(of)
    };
    let full = share(WIDTH);
    let bar: String = (0..WIDTH)
        .map(|at| if at < full { '█' } else { '░' })
        .collect();
    let bar = if is_coloured {
        format!("\u{1b}[36m{bar}\u{1b}[0m")
    } else {
        bar
    };
    let done = format!(
        "{bar} {:>3}%  {} of {}",
        share(100),
        Size(done_bytes),
        Size(total_bytes)
    );
    match (step, speed) {
        (Step::Moving, Some(speed)) => format!("{done}, {speed}/s"),
        (Step::Moving, None) => done,
        (Step::Reading, _) => format!("{done} read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transfer_that_begins_anew_is_measured_anew() {
        let moved = |done_bytes| Moved {
            step: Step::Moving,
            done_bytes,
            total_bytes: 3 << 20,
        };
        let from = |began: Option<(Instant, u64)>| began.map(|(_, from)| from);
        let resumed = began(None, moved(2 << 20));
        assert_eq!(from(began(resumed, moved(3 << 20))), Some(2 << 20));
        assert_eq!(from(began(resumed, moved(1 << 18))), Some(1 << 18));
        let mut bar = Bar::new();
        [2 << 20, 1 << 18, 1 << 19]
            .into_iter()
            .for_each(|done_bytes| bar.update(moved(done_bytes)));
        assert_eq!(from(bar.began), Some(1 << 18));
    }

    #[test]
    fn the_bar_tells_the_share() {
        let moved = Moved {
            step: Step::Moving,
            done_bytes: 1 << 20,
            total_bytes: 3 << 20,
        };
        let shown = line(moved, Some(Size(1 << 19)), false);
        assert_eq!(
            shown,
            "██████████░░░░░░░░░░░░░░░░░░░░  33%  1.0 MiB of 3.0 MiB, 512.0 KiB/s"
        );
        let empty = Moved {
            step: Step::Reading,
            done_bytes: 0,
            total_bytes: 0,
        };
        assert!(line(empty, None, true).starts_with("\u{1b}[36m░"));
    }
}

//! Progress of a long command: a line or a bar on standard error, if that is a terminal.

use std::time::{Duration, Instant};

use cairn_client::{Progress as Moved, Step};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Commands that finish earlier show no progress.
const DELAY: Duration = Duration::from_millis(250);

/// Updates of the display per second.
const RATE_HZ: u8 = 10;

const READING: &str = "{bar:30.cyan} {percent:>3}%  {binary_bytes} of {binary_total_bytes} read";
const MOVING: &str = "{bar:30.cyan} {percent:>3}%  {binary_bytes} of {binary_total_bytes}, \
                      {binary_bytes_per_sec}";

/// A progress display, cleared when dropped.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// When it appears. `None` once it has, or if it never does.
    due: Option<Instant>,
    /// The current step of a transfer, and the bytes done when the step began.
    began: Option<(Step, u64)>,
}

impl Progress {
    pub(crate) fn on_terminal() -> Self {
        Self::new(Some(Instant::now() + DELAY))
    }

    pub(crate) fn hidden() -> Self {
        Self::new(None)
    }

    fn new(due: Option<Instant>) -> Self {
        Self {
            bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()),
            due,
            began: None,
        }
    }

    /// Returns whether the display can be seen.
    pub(crate) fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Shows a line of text.
    pub(crate) fn update(&mut self, text: impl FnOnce() -> String) {
        if self.appear() {
            self.style("{wide_msg}");
        }
        if !self.bar.is_hidden() {
            self.bar.set_message(text());
        }
    }

    /// Shows a transfer as a bar.
    pub(crate) fn transfer(&mut self, moved: Moved) {
        self.appear();
        let Moved {
            step,
            done_bytes,
            total_bytes,
        } = moved;
        let goes_on = |&(before, from): &(Step, u64)| before == step && from <= done_bytes;
        if !self.began.as_ref().is_some_and(goes_on) {
            // The speed is measured from here: earlier bytes took no time, and a transfer that
            // falls back starts over.
            self.began = Some((step, done_bytes));
            self.style(match step {
                Step::Reading => READING,
                Step::Moving => MOVING,
            });
            self.bar.set_length(total_bytes);
            self.bar.set_position(done_bytes);
            self.bar.reset_eta();
        }
        self.bar.set_position(done_bytes);
    }

    /// Shows the display once it is due. Returns whether it just appeared.
    fn appear(&mut self) -> bool {
        let is_due = self.due.is_some_and(|due| Instant::now() >= due);
        if is_due {
            self.due = None;
            self.bar
                .set_draw_target(ProgressDrawTarget::stderr_with_hz(RATE_HZ));
        }
        is_due
    }

    fn style(&self, template: &str) {
        // An invalid template keeps the previous style; a test parses each.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style.progress_chars("█░"));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moving(done_bytes: u64) -> Moved {
        Moved {
            step: Step::Moving,
            done_bytes,
            total_bytes: 3 << 20,
        }
    }

    #[test]
    fn templates_are_valid() {
        for template in [READING, MOVING, "{wide_msg}"] {
            ProgressStyle::with_template(template).unwrap();
        }
    }

    #[test]
    fn restarted_transfer_is_measured_from_its_new_start() {
        let mut progress = Progress::hidden();
        let mut began = |done_bytes| {
            progress.transfer(moving(done_bytes));
            progress.began.map(|(_, from)| from)
        };
        assert_eq!(began(2 << 20), Some(2 << 20));
        assert_eq!(began(3 << 20), Some(2 << 20));
        assert_eq!(began(1 << 18), Some(1 << 18));
        assert_eq!(began(1 << 19), Some(1 << 18));
    }

    #[test]
    fn position_is_the_share_done() {
        let mut progress = Progress::hidden();
        progress.transfer(moving(1 << 20));
        assert_eq!(
            (progress.bar.position(), progress.bar.length()),
            (1 << 20, Some(3 << 20))
        );
    }
}

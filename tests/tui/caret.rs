//! The cursor of the terminal stands at the caret, where input methods compose.

use crate::tui::World;
use crate::tui::terminal::has_tmux;

/// Clusters with the columns that they take.
const CLUSTERS: &[(&str, u16)] = &[
    ("a", 1),
    ("中", 2),
    ("，", 2),
    ("é", 1),
    ("e\u{301}", 1),
    ("😀", 2),
    ("👩\u{200d}👧", 2),
    ("👍🏽", 2),
    ("ｗ", 2),
    ("한", 2),
];

const STEPS: usize = 200;

/// Columns that a line of the test may take.
const LINE_MAX: u16 = 60;

/// A text of clusters with a caret, as the test understands it.
#[derive(Default)]
struct Expected {
    /// The widths; 0 for a line end.
    clusters: Vec<u16>,
    caret: usize,
}

impl Expected {
    fn start_of_line(&self) -> usize {
        let before = &self.clusters[..self.caret];
        before
            .iter()
            .rposition(|&width| width == 0)
            .map_or(0, |at| at + 1)
    }

    fn end_of_line(&self) -> usize {
        let after = &self.clusters[self.caret..];
        let end = after.iter().position(|&width| width == 0);
        end.map_or(self.clusters.len(), |at| self.caret + at)
    }

    /// The caret's column and row in the composer, and its rows.
    fn place(&self) -> (u16, u16, u16) {
        let column = self.clusters[self.start_of_line()..self.caret].iter().sum();
        let ends = |clusters: &[u16]| clusters.iter().filter(|&&width| width == 0).count();
        let row = u16::try_from(ends(&self.clusters[..self.caret])).unwrap();
        let rows = u16::try_from(ends(&self.clusters)).unwrap() + 1;
        (column, row, rows)
    }

    fn line_width(&self) -> u16 {
        self.clusters[self.start_of_line()..self.end_of_line()]
            .iter()
            .sum()
    }
}

#[tokio::test]
async fn the_cursor_follows_the_caret() {
    if !has_tmux() {
        return;
    }
    let world = World::new().await;
    let pane = world.start(79, 24);
    pane.shows("The beginning of #team").await;
    let mut expected = Expected::default();
    // A fixed sequence, so that a failure can be repeated.
    let mut random: u64 = 0x2545_f491_4f6c_dd1d;
    for step in 0..STEPS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let choice = usize::try_from(random % 100).unwrap();
        let caret = expected.caret;
        match choice {
            0..50 if expected.line_width() < LINE_MAX => {
                let (cluster, width) = CLUSTERS[choice % CLUSTERS.len()];
                pane.type_text(cluster);
                expected.clusters.insert(caret, width);
                expected.caret += 1;
            }
            50..54 if expected.place().2 < 6 => {
                pane.keys(&["M-Enter"]);
                expected.clusters.insert(caret, 0);
                expected.caret += 1;
            }
            54..66 => {
                pane.keys(&["Left"]);
                expected.caret = caret.saturating_sub(1);
            }
            66..76 => {
                pane.keys(&["Right"]);
                expected.caret = (caret + 1).min(expected.clusters.len());
            }
            76..86 if caret > 0 => {
                pane.keys(&["BSpace"]);
                expected.clusters.remove(caret - 1);
                expected.caret -= 1;
            }
            86..90 if caret < expected.clusters.len() => {
                pane.keys(&["DC"]);
                expected.clusters.remove(caret);
            }
            90..95 => {
                pane.keys(&["C-a"]);
                expected.caret = expected.start_of_line();
            }
            95..100 => {
                pane.keys(&["C-e"]);
                expected.caret = expected.end_of_line();
            }
            _ => continue,
        }
        let (column, row, rows) = expected.place();
        let place = (2 + column, 24 - rows + row);
        let what = format!("after step {step} the cursor is at {place:?}");
        pane.until(&what, |_| pane.cursor() == place).await;
    }
}

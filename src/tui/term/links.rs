//! Links of the terminal (OSC 8): which terminals have them, and which cells of a frame belong to
//! which link.

use ratatui::buffer::{Buffer, Cell};

use crate::tui::text::paint::Link;

/// Cells with their places.
type Cells<'a> = Vec<(u16, u16, &'a Cell)>;

/// A symbol that no frame contains, so that a cell with it is drawn again.
const STALE: &str = "\u{10fffd}";

/// Marks the cells whose link changed although their text did not.
pub(crate) fn invalidate(shown: &mut Buffer, before: &[Link], after: &[Link]) {
    let gone = before.iter().filter(|link| !after.contains(link));
    let new = after.iter().filter(|link| !before.contains(link));
    for link in gone.chain(new) {
        for place in link.area.positions() {
            if let Some(cell) = shown.cell_mut(place) {
                cell.set_symbol(STALE);
            }
        }
    }
}

/// Splits cells into runs that have one link, or none.
pub(crate) fn runs<'a>(cells: Cells<'a>, links: &'a [Link]) -> Vec<(Option<&'a str>, Cells<'a>)> {
    let mut runs: Vec<(Option<&str>, Cells<'_>)> = Vec::new();
    for (x, y, cell) in cells {
        let link = links
            .iter()
            .find(|link| link.area.contains((x, y).into()))
            .map(|link| &*link.url);
        match runs.last_mut() {
            Some((before, run)) if *before == link => run.push((x, y, cell)),
            _ => runs.push((link, vec![(x, y, cell)])),
        }
    }
    runs
}

/// Returns whether a terminal is known to have links, by its environment variables.
pub(crate) fn are_known(var: impl Fn(&str) -> Option<String>) -> bool {
    const PROGRAMS: [&str; 9] = [
        "iTerm.app",
        "WezTerm",
        "vscode",
        "ghostty",
        "Hyper",
        "Tabby",
        "rio",
        "mintty",
        "contour",
    ];
    const TERMS: [&str; 5] = [
        "xterm-kitty",
        "xterm-ghostty",
        "foot",
        "alacritty",
        "contour",
    ];
    let set = |name: &str| var(name).filter(|value| !value.is_empty());
    let at_least = |name: &str, least: u32| {
        let number = set(name).and_then(|value| value.parse::<u32>().ok());
        number.is_some_and(|number| number >= least)
    };
    let program = set("TERM_PROGRAM").unwrap_or_default();
    let term = set("TERM").unwrap_or_default();
    if program == "tmux" {
        // From 3.4 on, it passes links on to terminals that have them.
        let version = set("TERM_PROGRAM_VERSION").unwrap_or_default();
        let mut parts = version.split(|c: char| !c.is_ascii_digit());
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        return number().zip(number()) >= Some((3, 4));
    }
    if term.starts_with("screen") || term.starts_with("tmux") {
        return false;
    }
    PROGRAMS.contains(&program.as_str())
        || TERMS.iter().any(|known| term.starts_with(known))
        || at_least("VTE_VERSION", 5_000)
        || at_least("KONSOLE_VERSION", 201_200)
        || set("WT_SESSION").is_some()
        || set("KITTY_WINDOW_ID").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use std::slice;

    fn known(vars: &[(&str, &str)]) -> bool {
        are_known(|name| {
            let found = vars.iter().find(|var| var.0 == name);
            found.map(|var| var.1.to_owned())
        })
    }

    fn link(x: u16, width: u16, url: &str) -> Link {
        Link {
            area: Rect::new(x, 0, width, 1),
            url: url.into(),
        }
    }

    #[test]
    fn unknown_terminals_get_no_links() {
        for vars in [
            &[][..],
            &[("TERM", "xterm-256color")],
            &[("TERM", "linux")],
            &[("TERM", "screen-256color"), ("KITTY_WINDOW_ID", "1")],
            &[("VTE_VERSION", "4800")],
            &[("TERM_PROGRAM", "tmux"), ("TERM_PROGRAM_VERSION", "3.3a")],
            &[("TERM_PROGRAM", "Apple_Terminal")],
        ] {
            assert!(!known(vars), "{vars:?}");
        }
        for vars in [
            &[("TERM_PROGRAM", "WezTerm")][..],
            &[("TERM", "xterm-kitty")],
            &[("VTE_VERSION", "7200"), ("TERM", "xterm-256color")],
            &[("TERM_PROGRAM", "tmux"), ("TERM_PROGRAM_VERSION", "3.5a")],
        ] {
            assert!(known(vars), "{vars:?}");
        }
    }

    #[test]
    fn cells_are_split_by_their_links() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "see ab", Style::new());
        let blank = Buffer::empty(buffer.area);
        let links = [link(4, 2, "https://a.example")];
        let runs = runs(blank.diff(&buffer), &links);
        let shown: Vec<_> = runs
            .iter()
            .map(|(url, cells)| (*url, cells.len()))
            .collect();
        assert_eq!(shown, [(None, 3), (Some("https://a.example"), 2)]);
    }

    #[test]
    fn changed_links_are_drawn_again() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 4, 1));
        buffer.set_string(0, 0, "here", Style::new());
        let (one, other) = (
            link(0, 4, "https://a.example"),
            link(0, 4, "https://b.example"),
        );
        for (before, after, cells) in [
            (slice::from_ref(&one), slice::from_ref(&other), 4),
            (slice::from_ref(&one), &[], 4),
            (slice::from_ref(&one), slice::from_ref(&one), 0),
        ] {
            let mut shown = buffer.clone();
            invalidate(&mut shown, before, after);
            assert_eq!(shown.diff(&buffer).len(), cells);
        }
    }
}

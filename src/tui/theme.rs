//! Colours: few, from the palette of the terminal, and never the only sign of a state.

use ratatui::style::{Color, Modifier, Style};

/// The number of colours of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// No colours, because of `NO_COLOR` or a terminal without them.
    None,
    /// The 16 colours of the terminal's palette.
    Palette,
    /// 24 bits.
    True,
}

/// The brightness of the background.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Background {
    Dark,
    Light,
}

/// What a piece of text is, to choose its style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Text,
    Dim,
    Code,
    Link,
    Mention,
    /// A mention of the user themself, and the mark of conversations with one.
    MentionMe,
    Unread,
    Divider,
    Selected,
    Current,
    Bar,
    Error,
    Match,
}

/// The styles of all roles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Theme {
    depth: Depth,
    background: Background,
}

impl Theme {
    pub(crate) const fn new(depth: Depth, background: Background) -> Self {
        Self { depth, background }
    }

    /// Chooses a theme from environment variables.
    pub(crate) fn detect(var: impl Fn(&str) -> Option<String>, set: Option<Background>) -> Self {
        let is_set = |name| var(name).is_some_and(|value| !value.is_empty());
        let term = var("TERM").unwrap_or_default();
        let depth = if is_set("NO_COLOR") || term == "dumb" || term.starts_with("vt") {
            Depth::None
        } else if matches!(var("COLORTERM").as_deref(), Some("truecolor" | "24bit")) {
            Depth::True
        } else {
            Depth::Palette
        };
        Self::new(depth, set.unwrap_or_else(|| background(&var)))
    }

    pub(crate) fn style(self, role: Role) -> Style {
        let plain = Style::new();
        match role {
            Role::Text => plain,
            Role::Dim => plain.add_modifier(Modifier::DIM),
            Role::Code => self.coloured(plain, Color::Cyan, Color::Blue),
            Role::Link => plain.add_modifier(Modifier::UNDERLINED),
            Role::Mention => self.coloured(plain.bold(), Color::Yellow, Color::Magenta),
            Role::MentionMe => self
                .coloured(plain.bold(), Color::LightYellow, Color::Red)
                .add_modifier(Modifier::REVERSED),
            Role::Unread => plain.bold(),
            Role::Divider => self.coloured(plain.bold(), Color::LightRed, Color::Red),
            Role::Selected | Role::Current | Role::Bar => plain.add_modifier(Modifier::REVERSED),
            Role::Error => self.coloured(plain.bold(), Color::LightRed, Color::Red),
            Role::Match => self
                .coloured(plain, Color::LightYellow, Color::Magenta)
                .add_modifier(Modifier::UNDERLINED),
        }
    }

    /// Returns the style of a user's name, the same at every place.
    pub(crate) fn author(self, user: u64) -> Style {
        const DARK: [(u8, u8, u8); 8] = [
            (255, 154, 162),
            (255, 200, 120),
            (214, 224, 120),
            (140, 224, 150),
            (120, 220, 232),
            (140, 180, 255),
            (200, 160, 255),
            (255, 150, 220),
        ];
        const LIGHT: [(u8, u8, u8); 8] = [
            (176, 30, 50),
            (150, 84, 0),
            (96, 104, 0),
            (16, 112, 40),
            (0, 108, 124),
            (30, 80, 190),
            (112, 50, 190),
            (168, 24, 128),
        ];
        const PALETTE: [Color; 5] = [
            Color::Green,
            Color::Blue,
            Color::Magenta,
            Color::Cyan,
            Color::Red,
        ];
        const BRIGHT: [Color; 5] = [
            Color::LightGreen,
            Color::LightBlue,
            Color::LightMagenta,
            Color::LightCyan,
            Color::LightRed,
        ];
        // Spreads consecutive ids over the colours.
        let hash = user.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let pick = |len: usize| usize::try_from(hash).unwrap_or_default() % len;
        let bold = Style::new().bold();
        match (self.depth, self.background) {
            (Depth::None, _) => bold,
            (Depth::Palette, Background::Dark) => bold.fg(BRIGHT[pick(BRIGHT.len())]),
            (Depth::Palette, Background::Light) => bold.fg(PALETTE[pick(PALETTE.len())]),
            (Depth::True, background) => {
                let colours = match background {
                    Background::Dark => DARK,
                    Background::Light => LIGHT,
                };
                let (r, g, b) = colours[pick(colours.len())];
                bold.fg(Color::Rgb(r, g, b))
            }
        }
    }

    fn coloured(self, style: Style, dark: Color, light: Color) -> Style {
        match (self.depth, self.background) {
            (Depth::None, _) => style,
            (_, Background::Dark) => style.fg(dark),
            (_, Background::Light) => style.fg(light),
        }
    }
}

/// Terminals that announce their colours write `15;0` for white on black.
fn background(var: impl Fn(&str) -> Option<String>) -> Background {
    let announced = var("COLORFGBG").unwrap_or_default();
    match announced.rsplit(';').next().map(str::parse::<u8>) {
        Some(Ok(7 | 9..=15)) => Background::Light,
        _ => Background::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detected(vars: &[(&str, &str)]) -> Theme {
        let find = |name: &str| vars.iter().find(|var| var.0 == name);
        Theme::detect(|name| find(name).map(|var| var.1.to_owned()), None)
    }

    #[test]
    fn environment_selects_colours() {
        assert_eq!(detected(&[]).depth, Depth::Palette);
        assert_eq!(detected(&[("COLORTERM", "truecolor")]).depth, Depth::True);
        let mono = detected(&[("COLORTERM", "truecolor"), ("NO_COLOR", "1")]);
        assert_eq!(mono.depth, Depth::None);
        assert_eq!(
            detected(&[("COLORFGBG", "0;15")]).background,
            Background::Light
        );
        assert_eq!(
            detected(&[("COLORFGBG", "15;0")]).background,
            Background::Dark
        );
    }

    #[test]
    fn states_differ_without_colours() {
        let theme = Theme::new(Depth::None, Background::Dark);
        for role in [Role::MentionMe, Role::Unread, Role::Selected, Role::Link] {
            let style = theme.style(role);
            assert_eq!(style.fg, None);
            assert!(!style.add_modifier.is_empty(), "{role:?}");
        }
        assert_eq!(theme.author(3).fg, None);
    }
}

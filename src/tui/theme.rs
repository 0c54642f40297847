//! Colours: few, from the palette of the terminal, and never the only sign of a state.

use ratatui::style::{Color, Modifier, Style};

/// The number of colours of the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// No colours, because of `NO_COLOR` or a terminal without them.
    None,
    /// The 16 colours of the terminal's palette.
    Palette,
    /// 256 colours, of which 240 are the same everywhere.
    Indexed,
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
        } else if term.contains("256color") {
            Depth::Indexed
        } else {
            Depth::Palette
        };
        Self::new(depth, set.unwrap_or_else(|| background(&var)))
    }

    /// The same colours on another background.
    pub(crate) const fn on(self, background: Background) -> Self {
        Self { background, ..self }
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
        // Consecutive ids, as those of a small team, have different colours.
        let pick = |len: usize| usize::try_from(user).unwrap_or_default() % len;
        let bold = Style::new().bold();
        match (self.depth, self.background) {
            (Depth::None, _) => bold,
            (Depth::Palette | Depth::Indexed, Background::Dark) => {
                bold.fg(BRIGHT[pick(BRIGHT.len())])
            }
            (Depth::Palette | Depth::Indexed, Background::Light) => {
                bold.fg(PALETTE[pick(PALETTE.len())])
            }
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

    /// Returns the nearest colour that the terminal has; `None` if it has none.
    pub(crate) fn pixel(self, rgb: [u8; 3]) -> Option<Color> {
        let [r, g, b] = rgb;
        match self.depth {
            Depth::None => None,
            Depth::Palette => Some(nearest_of_palette(rgb)),
            Depth::Indexed => Some(Color::Indexed(nearest_of_256(rgb))),
            Depth::True => Some(Color::Rgb(r, g, b)),
        }
    }

    /// Returns a colour near that of the background, for what is transparent.
    pub(crate) const fn backdrop(self) -> [u8; 3] {
        match self.background {
            Background::Dark => [0, 0, 0],
            Background::Light => [255, 255, 255],
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

fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    let squares = one
        .iter()
        .zip(other)
        .map(|(a, b)| u32::from(a.abs_diff(b)).pow(2));
    squares.sum()
}

/// The palette as most terminals have it.
fn nearest_of_palette(rgb: [u8; 3]) -> Color {
    const COLOURS: [(Color, [u8; 3]); 16] = [
        (Color::Black, [0, 0, 0]),
        (Color::Red, [170, 0, 0]),
        (Color::Green, [0, 170, 0]),
        (Color::Yellow, [170, 85, 0]),
        (Color::Blue, [0, 0, 170]),
        (Color::Magenta, [170, 0, 170]),
        (Color::Cyan, [0, 170, 170]),
        (Color::Gray, [170, 170, 170]),
        (Color::DarkGray, [85, 85, 85]),
        (Color::LightRed, [255, 85, 85]),
        (Color::LightGreen, [85, 255, 85]),
        (Color::LightYellow, [255, 255, 85]),
        (Color::LightBlue, [85, 85, 255]),
        (Color::LightMagenta, [255, 85, 255]),
        (Color::LightCyan, [85, 255, 255]),
        (Color::White, [255, 255, 255]),
    ];
    let nearest = COLOURS
        .iter()
        .min_by_key(|(_, known)| distance(rgb, *known));
    nearest.map_or(Color::Reset, |(colour, _)| *colour)
}

/// The colours from 16 on: a cube with six steps of each part, and 24 greys.
fn nearest_of_256(rgb: [u8; 3]) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let step = |value: u8| {
        let steps = (0_u8..).zip(STEPS);
        steps
            .min_by_key(|(_, step)| step.abs_diff(value))
            .map_or((0, 0), |step| step)
    };
    let [(r, red), (g, green), (b, blue)] = rgb.map(step);
    let mean = rgb.iter().map(|&part| u16::from(part)).sum::<u16>() / 3;
    let grey = u8::try_from(mean.saturating_sub(3) / 10).map_or(23, |grey| grey.min(23));
    let level = 8 + 10 * grey;
    match distance(rgb, [level; 3]) < distance(rgb, [red, green, blue]) {
        true => 232 + grey,
        false => 16 + 36 * r + 6 * g + b,
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
        let many = detected(&[("TERM", "xterm-256color")]);
        assert_eq!(many.depth, Depth::Indexed);
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
    fn pixels_get_the_nearest_colour() {
        let of = |depth| Theme::new(depth, Background::Dark);
        assert_eq!(of(Depth::None).pixel([1, 2, 3]), None);
        assert_eq!(of(Depth::True).pixel([1, 2, 3]), Some(Color::Rgb(1, 2, 3)));
        for (rgb, palette, indexed) in [
            ([0, 0, 0], Color::Black, 16),
            ([255, 255, 255], Color::White, 231),
            ([250, 70, 90], Color::LightRed, 203),
            ([128, 128, 128], Color::Gray, 244),
            ([0, 0, 160], Color::Blue, 19),
        ] {
            assert_eq!(of(Depth::Palette).pixel(rgb), Some(palette));
            assert_eq!(of(Depth::Indexed).pixel(rgb), Some(Color::Indexed(indexed)));
        }
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

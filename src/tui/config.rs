//! `config.toml` in the folder of the profile.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde::Deserialize;

use crate::tui::term::osc::Notifier;
use crate::tui::text::width::Ambiguous;
use crate::tui::theme::Background;

/// The settings of the client. All have defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct Config {
    theme: Theme,
    ambiguous: Width,
    notify: Notify,
    /// Words that notify like a mention.
    pub(crate) keywords: Vec<String>,
    /// Keys of vim for the timeline.
    pub(crate) vim: bool,
    /// No reports of the mouse, so that the terminal selects text.
    pub(crate) no_mouse: bool,
    /// No previews of pictures.
    pub(crate) no_pictures: bool,
    links: Links,
    /// Keys by the name of an action.
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Theme {
    #[default]
    Auto,
    Dark,
    Light,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Width {
    #[default]
    Auto,
    Narrow,
    Wide,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Notify {
    #[default]
    Bell,
    Osc9,
    Osc777,
    None,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Links {
    #[default]
    Auto,
    Always,
    Never,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read it")]
    Read(#[from] io::Error),
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
}

impl Config {
    /// Reads the file; without one, everything has its default.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        match fs::read_to_string(path) {
            Ok(text) => Ok(toml::from_str(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) const fn background(&self) -> Option<Background> {
        match self.theme {
            Theme::Auto => None,
            Theme::Dark => Some(Background::Dark),
            Theme::Light => Some(Background::Light),
        }
    }

    /// `None` to ask the terminal.
    pub(crate) const fn ambiguous(&self) -> Option<Ambiguous> {
        match self.ambiguous {
            Width::Auto => None,
            Width::Narrow => Some(Ambiguous::Narrow),
            Width::Wide => Some(Ambiguous::Wide),
        }
    }

    /// Whether addresses are links; `None` if the terminal decides.
    pub(crate) const fn links(&self) -> Option<bool> {
        match self.links {
            Links::Auto => None,
            Links::Always => Some(true),
            Links::Never => Some(false),
        }
    }

    pub(crate) const fn notifier(&self) -> Notifier {
        match self.notify {
            Notify::Bell => Notifier::Bell,
            Notify::Osc9 => Notifier::Osc9,
            Notify::Osc777 => Notifier::Osc777,
            Notify::None => Notifier::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read() {
        let text = "theme = 'light'\nambiguous = 'wide'\nnotify = 'osc9'\nvim = true\n\
                    links = 'never'\nno-pictures = true\n\
                    keywords = ['deploy']\n[keys]\nswitcher = ['ctrl+t']\n";
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!(config.background(), Some(Background::Light));
        assert_eq!(config.ambiguous(), Some(Ambiguous::Wide));
        assert_eq!(config.notifier(), Notifier::Osc9);
        assert_eq!(config.links(), Some(false));
        assert!(config.no_pictures);
        assert!(config.vim && config.keywords == ["deploy"]);
        assert_eq!(config.keys["switcher"], ["ctrl+t"]);
        assert_eq!(toml::from_str::<Config>("").unwrap(), Config::default());
    }

    #[test]
    fn unknown_settings_are_errors() {
        let error = toml::from_str::<Config>("colour = 1").unwrap_err();
        assert!(error.to_string().contains("colour"), "{error}");
    }

    #[test]
    fn a_missing_file_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::read(&folder.path().join("config.toml")).unwrap();
        assert_eq!(config, Config::default());
    }
}

//! The options of a run, each with its value and what it means.

use clap::{Arg, Args, Command};
use serde::Serialize;
use serde_json::Value;

use super::sheet::Setting;

/// What was asked of a run, in the words of its `--help`. Options that its JSON leaves out are left out.
pub(super) fn of<S: Args + Serialize>(settings: &S) -> Vec<Setting> {
    let values = serde_json::to_value(settings).unwrap_or_default();
    let setting = |argument: &Arg| {
        let value = values.get(argument.get_id().as_str())?;
        let option = argument
            .get_long()
            .map_or_else(|| argument.get_id().to_string(), |long| format!("--{long}"));
        let meaning = argument
            .get_help()
            .map(ToString::to_string)
            .unwrap_or_default();
        Some(Setting {
            option,
            value: shown(value),
            meaning,
        })
    };
    S::augment_args(Command::new("run"))
        .get_arguments()
        .filter_map(setting)
        .collect()
}

/// A value as it is typed.
fn shown(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(
            values
                .iter()
                .filter_map(shown)
                .collect::<Vec<_>>()
                .join(","),
        ),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => {
            Some(value.to_string().trim_end_matches(".0").to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Args, Serialize)]
    struct Load {
        /// Clients that send
        #[arg(long)]
        many_clients: u16,
        /// Members of each group
        #[arg(long, value_delimiter = ',')]
        sizes: Vec<u32>,
        /// Messages a second [default: as fast as it goes]
        #[arg(long)]
        rate: Option<f64>,
        /// What nobody may see
        #[arg(long)]
        #[serde(skip)]
        link: Option<String>,
    }

    #[test]
    fn options_are_shown_as_they_are_typed() {
        let settings = Load {
            many_clients: 3,
            sizes: vec![10, 100],
            rate: None,
            link: Some("secret".to_owned()),
        };
        let found = of(&settings);
        let setting = |option: &str, value: Option<&str>, meaning: &str| Setting {
            option: option.to_owned(),
            value: value.map(str::to_owned),
            meaning: meaning.to_owned(),
        };
        let expected = [
            setting("--many-clients", Some("3"), "Clients that send"),
            setting("--sizes", Some("10,100"), "Members of each group"),
            setting(
                "--rate",
                None,
                "Messages a second [default: as fast as it goes]",
            ),
        ];
        assert_eq!(found, expected);
    }
}

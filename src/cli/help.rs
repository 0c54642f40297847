//! `cairn --help`: the commands by group, from their definitions.

use std::fmt::Write as _;

use anstyle::Style;
use clap::Command;

use crate::cli::failure;

/// The commands, as docs/COMMANDS.md groups them.
const GROUPS: &[(&str, &[&str])] = &[
    (
        "Chat",
        &[
            "chat", "send", "tail", "search", "get", "edit", "recall", "react", "pin", "forward",
            "type",
        ],
    ),
    (
        "Conversations",
        &[
            "list",
            "read",
            "unread",
            "receipts",
            "set",
            "retention",
            "group",
        ],
    ),
    (
        "People",
        &[
            "users", "contacts", "friend", "follow", "unfollow", "block", "unblock", "watch",
        ],
    ),
    (
        "Account",
        &["join", "login", "whoami", "me", "devices", "invite"],
    ),
    ("Support desk", &["desk", "visitor"]),
    (
        "Server",
        &[
            "serve", "config", "audit", "stats", "doctor", "selftest", "compact", "import",
        ],
    ),
    ("Tools", &["bench", "completions", "help"]),
];

/// Groups the commands: clap has headings for options only.
pub(super) fn grouped(command: Command) -> Command {
    let mut template = "{about-with-newline}\n{usage-heading} {usage}\n".to_owned();
    let (heading, literal) = (Style::new().bold().underline(), Style::new().bold());
    for (group, names) in GROUPS {
        // Writing to a string cannot fail.
        let _ = writeln!(template, "\n{heading}{group}:{heading:#}");
        for name in *names {
            let about = match command.find_subcommand(name) {
                Some(found) => found.get_about().cloned().unwrap_or_default(),
                None if *name == "help" => "Show this help, or that of a command".into(),
                None => continue,
            };
            let _ = writeln!(template, "  {literal}{name:11}{literal:#}  {about}");
        }
    }
    let _ = write!(
        template,
        "\n{heading}Options:{heading:#}\n{{options}}{{after-help}}"
    );
    command.help_template(template)
}

pub(super) fn examples() -> String {
    "EXAMPLES
  cairn serve --data ./cairn-data            on the server; prints an invite link
  cairn join 'cairn://…' --name ada          on your machine
  cairn invite                               a link for the next user
  cairn group create team bob
  cairn send '#team' 'lunch?'
  cairn chat                                 or only `cairn`

'cairn help COMMAND' shows the options of a command."
        .to_owned()
}

pub(super) fn examples_and_exit_codes() -> String {
    format!("{}\n\n{}", examples(), failure::HELP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let mut expected: Vec<String> = crate::cli::command()
            .get_subcommands()
            .filter(|sub| !sub.is_hide_set())
            .map(|sub| sub.get_name().to_owned())
            .collect();
        let mut listed: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| names.iter().copied())
            .filter(|name| cfg!(feature = "bench") || *name != "bench")
            .filter(|name| cfg!(feature = "tui") || *name != "chat")
            .collect();
        expected.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, expected);
    }

    #[test]
    fn each_line_fits_a_terminal() {
        let help = crate::cli::command()
            .term_width(80)
            .render_help()
            .to_string();
        for command in crate::cli::command().get_subcommands() {
            let about = command.get_about().unwrap().to_string();
            assert!(
                about.chars().count() < 60,
                "{}: {about}",
                command.get_name()
            );
            if command.get_name() != "help" {
                assert!(help.contains(&about), "{about}");
            }
        }
        let wide: Vec<_> = help
            .lines()
            .filter(|line| line.chars().count() > 80)
            .collect();
        assert!(wide.is_empty(), "{wide:?}");
    }
}

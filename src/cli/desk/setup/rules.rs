//! `cairn desk rules`

use std::fmt;
use std::str::FromStr;

use cairn_client::Client;
use cairn_proto::limits::{PRIORITY_MAX, PRIORITY_NORMAL};
use cairn_proto::model::desk::{AttrTest, RouteCondition, RouteRule};
use cairn_proto::text::{AttrName, AttrValue, GroupName, Language, PageUrl, Tag};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::super::args::{Queues, parse_queue};
use super::super::help;
use crate::cli::context::{Conduct, Context};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;

/// Show or change which inquiries go to which queue
///
/// The first rule whose conditions all apply decides; an inquiry to which none applies goes to the
/// queue of the visitor's link. Open inquiries stay where they are. For owners and admins of the
/// server.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, after_help = help::RULES)]
pub(crate) struct RulesArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a rule
    #[command(after_help = help::RULES_ADD)]
    Add(AddArgs),
    /// Remove a rule, by its number
    #[command(after_help = help::RULES_REMOVE)]
    Remove {
        /// As `cairn desk rules` shows it
        number: usize,
    },
}

#[derive(Debug, Args)]
struct AddArgs {
    /// The queue to which it leads
    #[arg(value_parser = parse_queue)]
    queue: GroupName,

    /// The visitor chose this topic
    #[arg(long, value_name = "TOPIC")]
    topic: Option<Tag>,

    /// The visitor's page begins like this
    #[arg(long, value_name = "PREFIX")]
    page: Option<PageUrl>,

    /// The shop signed this about the visitor: NAME, NAME=VALUE, 'NAME>N' or 'NAME<N'; can be given
    /// several times
    #[arg(long = "attr", value_name = "TEST")]
    attrs: Vec<Attr>,

    /// The visitor's language; zh is zh-TW as well
    #[arg(long, value_name = "LANGUAGE")]
    language: Option<Language>,

    /// The priority of these inquiries, from 0 to 9; a higher one goes first
    #[arg(long, value_name = "N", default_value_t = PRIORITY_NORMAL,
        value_parser = clap::value_parser!(u8).range(..=i64::from(PRIORITY_MAX)))]
    priority: u8,

    /// Insert it before the rule of this number [default: at the end]
    #[arg(long, value_name = "NUMBER")]
    before: Option<usize>,
}

/// A test of a signed attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Attr {
    name: AttrName,
    test: AttrTest,
}

impl FromStr for Attr {
    type Err = String;

    fn from_str(raw: &str) -> Result<Self, String> {
        let at = raw.find(['=', '>', '<']);
        let (name, test) = raw.split_at(at.unwrap_or(raw.len()));
        let number = |raw: &str| {
            let number = raw.trim().parse::<i64>();
            number.map_err(|_| format!("{raw:?} is not a whole number"))
        };
        let test = match (test.get(..1), test.get(1..).unwrap_or_default()) {
            (Some("="), value) => {
                let value = AttrValue::new(value).map_err(|error| error.to_string())?;
                AttrTest::Equals(value)
            }
            (Some(">"), value) => AttrTest::Above(number(value)?),
            (Some("<"), value) => AttrTest::Below(number(value)?),
            _ => AttrTest::Exists,
        };
        let name = AttrName::new(name.trim()).map_err(|error| error.to_string())?;
        Ok(Self { name, test })
    }
}

impl AddArgs {
    fn conditions(&self) -> Vec<RouteCondition> {
        let topic = self.topic.clone().map(RouteCondition::Topic);
        let page = self.page.clone().map(RouteCondition::PagePrefix);
        let language = self.language.clone().map(RouteCondition::Language);
        let attrs = self.attrs.iter().cloned();
        let attrs = attrs.map(|Attr { name, test }| RouteCondition::Attr { name, test });
        topic
            .into_iter()
            .chain(page)
            .chain(attrs)
            .chain(language)
            .collect()
    }
}

/// A rule. The fields match its JSON.
#[derive(Debug, Serialize)]
struct Row {
    number: usize,
    queue: String,
    priority: u8,
    topic: Option<String>,
    page: Option<String>,
    attrs: Vec<String>,
    language: Option<String>,
}

impl Row {
    fn new(number: usize, rule: &RouteRule, queues: &Queues) -> Self {
        let mut row = Self {
            number,
            queue: queues.name_of(rule.queue),
            priority: rule.priority,
            topic: None,
            page: None,
            attrs: Vec::new(),
            language: None,
        };
        for condition in &rule.when {
            match condition {
                RouteCondition::Topic(topic) => row.topic = Some(topic.to_string()),
                RouteCondition::PagePrefix(page) => row.page = Some(page.to_string()),
                RouteCondition::Language(language) => row.language = Some(language.to_string()),
                RouteCondition::Attr { name, test } => row.attrs.push(match test {
                    AttrTest::Exists => name.to_string(),
                    AttrTest::Equals(value) => format!("{name}={value}"),
                    AttrTest::Above(number) => format!("{name}>{number}"),
                    AttrTest::Below(number) => format!("{name}<{number}"),
                }),
            }
        }
        row
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>3}  to {}", self.number, Sanitized(&self.queue))?;
        if self.priority != PRIORITY_NORMAL {
            write!(f, " with priority {}", self.priority)?;
        }
        let mut before = ", if";
        let mut when = |what: &str, value: &str| {
            let result = write!(f, "{before} {what}{}", Sanitized(value));
            before = " and";
            result
        };
        if let Some(topic) = &self.topic {
            when("the topic is ", topic)?;
        }
        if let Some(page) = &self.page {
            when("the page begins with ", page)?;
        }
        for attr in &self.attrs {
            when("the shop signed ", attr)?;
        }
        match &self.language {
            Some(language) => when("the language is ", language),
            None => Ok(()),
        }
    }
}

pub(crate) async fn run(
    args: &RulesArgs,
    context: &Context<'_>,
    output: &mut Output,
) -> Result<(), Failure> {
    let client = context.client(Conduct::Ask).await?;
    let mut rules = client.desk().rules().await?;
    let queues = Queues::load(client).await?;
    let unknown = |number: usize| {
        Failure::new(Exit::Failed, format!("there is no rule {number}"))
            .hint("`cairn desk rules` shows the rules with their numbers")
    };
    match &args.action {
        None if rules.is_empty() => {
            output.note("there are no rules: every inquiry goes to the queue of its link");
        }
        None => {}
        Some(Action::Add(args)) => {
            let rule = RouteRule {
                when: args.conditions(),
                queue: queues.named(&args.queue)?.counts.queue,
                priority: args.priority,
            };
            match args.before {
                None => rules.push(rule),
                Some(number @ 1..) if number <= rules.len() => rules.insert(number - 1, rule),
                Some(number) => return Err(unknown(number)),
            }
            replace(client, &rules).await?;
        }
        Some(Action::Remove { number }) => {
            if *number == 0 || *number > rules.len() {
                return Err(unknown(*number));
            }
            rules.remove(number - 1);
            replace(client, &rules).await?;
        }
    }
    let rows = (1..).zip(&rules);
    rows.map(|(number, rule)| Row::new(number, rule, &queues))
        .try_for_each(|row| output.print(&row))
}

async fn replace(client: &Client, rules: &[RouteRule]) -> Result<(), Failure> {
    Ok(client.desk().set_rules(rules.to_vec()).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_tested() {
        let test = |raw: &str| Ok::<_, String>(raw.parse::<Attr>()?.test);
        assert_eq!(test("vip"), Ok(AttrTest::Exists));
        assert_eq!(test("orders>0"), Ok(AttrTest::Above(0)));
        assert_eq!(test("orders < -3"), Ok(AttrTest::Below(-3)));
        let value = AttrValue::new("a=b").unwrap();
        assert_eq!(test("order=a=b"), Ok(AttrTest::Equals(value)));
        for raw in ["", "=1", "Orders>0", "orders>many"] {
            assert!(test(raw).is_err(), "{raw}");
        }
    }
}

//! `cairn me keywords`

use std::fmt;

use cairn_client::Client;
use cairn_proto::limits::KEYWORDS_MAX;
use cairn_proto::text::{Keyword, TextError};
use clap::Subcommand;
use serde::Serialize;

use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::ui::sanitize::Sanitized;

#[derive(Debug, Subcommand)]
pub(crate) enum KeywordsAction {
    /// Add keywords
    #[command(after_help = "EXAMPLES
  cairn me keywords add deploy 'on call' 发布

JSON, your keywords now
  {\"keywords\":[\"deploy\",\"on call\",\"发布\"]}")]
    Add {
        /// Words or phrases
        #[arg(required = true, num_args = 1..=KEYWORDS_MAX, value_parser = parse_keyword)]
        keywords: Vec<Keyword>,
    },
    /// Remove keywords
    #[command(after_help = "EXAMPLES
  cairn me keywords remove deploy

JSON, your keywords now
  {\"keywords\":[\"on call\",\"发布\"]}")]
    Remove {
        /// Words or phrases
        #[arg(required = true, num_args = 1..=KEYWORDS_MAX, value_parser = parse_keyword)]
        keywords: Vec<Keyword>,
    },
}

fn parse_keyword(raw: &str) -> Result<Keyword, TextError> {
    Keyword::typed(raw)
}

#[derive(Debug, Serialize)]
struct Shown {
    keywords: Vec<Keyword>,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.keywords.is_empty() {
            return f.write_str("no keywords");
        }
        for (n, keyword) in self.keywords.iter().enumerate() {
            let end = if n == 0 { "" } else { "\n" };
            write!(f, "{end}{}", Sanitized(keyword.as_str()))?;
        }
        Ok(())
    }
}

pub(crate) async fn run(
    client: &Client,
    output: &mut Output,
    action: Option<&KeywordsAction>,
) -> Result<(), Failure> {
    let me = client.me();
    let keywords = match action {
        None => me.keywords().await?,
        Some(KeywordsAction::Add { keywords }) => {
            me.change_keywords(keywords.clone(), Vec::new()).await?
        }
        Some(KeywordsAction::Remove { keywords }) => {
            me.change_keywords(Vec::new(), keywords.clone()).await?
        }
    };
    output.print(&Shown { keywords })
}

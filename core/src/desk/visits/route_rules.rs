//! Routing rules: the first one that holds chooses the queue and the priority.

use cairn_proto::model::desk::{AttrTest, RouteCondition, RouteRule};

use crate::record::AskerRecord;

/// The rule that holds for a visitor, with its number.
pub(super) fn chosen<'a>(
    rules: &'a [RouteRule],
    asker: &AskerRecord,
) -> Option<(u32, &'a RouteRule)> {
    let mut numbered = (0..).zip(rules);
    numbered.find(|(_, rule)| rule.when.iter().all(|condition| holds(condition, asker)))
}

fn holds(condition: &RouteCondition, asker: &AskerRecord) -> bool {
    match condition {
        RouteCondition::Topic(topic) => asker.topic.as_ref() == Some(topic),
        RouteCondition::PagePrefix(prefix) => asker
            .page
            .as_ref()
            .is_some_and(|page| page.as_str().starts_with(prefix.as_str())),
        RouteCondition::Language(wider) => asker
            .language
            .as_ref()
            .is_some_and(|own| own.is_within(wider)),
        RouteCondition::Attr { name, test } => {
            let mut signed = asker.attrs.iter().filter(|attr| attr.is_signed);
            let found = signed.find(|attr| attr.name == *name);
            found.is_some_and(|attr| passes(test, attr.value.as_str()))
        }
    }
}

fn passes(test: &AttrTest, value: &str) -> bool {
    let number = || value.trim().parse::<i64>();
    match test {
        AttrTest::Exists => true,
        AttrTest::Equals(other) => other.as_str() == value,
        AttrTest::Above(least) => number().is_ok_and(|number| number > *least),
        AttrTest::Below(most) => number().is_ok_and(|number| number < *most),
    }
}

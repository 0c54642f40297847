//! Generators of searches and what they find.

use cairn_proto::model::search::{
    Condition, Feature, Highlights, Mark, Period, Query, Respelling, Span, Term, Test,
};
use cairn_proto::wire::request::session::{
    Found, Hit, Search, SearchCursor, SearchGoal, SearchPlace,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{conversation_id, msgid, run, small, timestamp, user_id};

pub(super) fn search() -> impl Strategy<Value = Search> {
    (query(), goal(), option::of(cursor()), small(), small()).prop_map(
        |(query, goal, before, limit, budget)| Search {
            query,
            goal,
            before,
            limit,
            budget,
        },
    )
}

pub(super) fn found() -> impl Strategy<Value = Found> {
    let hit = (run(), spans(), spans()).prop_map(|(run, words, file_name)| Hit {
        run,
        highlights: Highlights { words, file_name },
    });
    let respelling = (term(), term()).prop_map(|(word, instead)| Respelling { word, instead });
    (vec(hit, 0..5), option::of(respelling), option::of(cursor())).prop_map(
        |(hits, respelling, next)| Found {
            hits,
            respelling,
            next,
        },
    )
}

fn goal() -> impl Strategy<Value = SearchGoal> {
    prop_oneof![Just(SearchGoal::Hits), Just(SearchGoal::Respelling)]
}

fn cursor() -> impl Strategy<Value = SearchCursor> {
    let place = (conversation_id(), msgid()).prop_map(|(conversation, before)| SearchPlace {
        conversation,
        before,
    });
    (timestamp(), vec(place, 0..9)).prop_map(|(reached, places)| SearchCursor { reached, places })
}

fn spans() -> impl Strategy<Value = Vec<Span>> {
    vec((any::<u32>(), any::<u32>()), 0..5).prop_map(|spans| {
        let spans = spans.into_iter();
        spans.map(|(start, end)| Span { start, end }).collect()
    })
}

fn term() -> impl Strategy<Value = Term> {
    "\\PC{1,60}".prop_map(|raw| Term::new(raw).unwrap())
}

fn query() -> impl Strategy<Value = Query> {
    vec(vec(condition(), 1..4), 1..9).prop_map(|groups| Query::new(groups).unwrap())
}

fn condition() -> impl Strategy<Value = Condition> {
    (any::<bool>(), test()).prop_map(|(negated, test)| Condition { negated, test })
}

fn test() -> impl Strategy<Value = Test> {
    let feature = prop::sample::select(vec![
        Feature::File,
        Feature::Image,
        Feature::Video,
        Feature::Link,
        Feature::Reaction,
    ]);
    let mark = prop::sample::select(vec![Mark::Pinned, Mark::Edited, Mark::Unread]);
    prop_oneof![
        term().prop_map(Test::Word),
        term().prop_map(Test::Prefix),
        term().prop_map(Test::Phrase),
        term().prop_map(Test::Literal),
        user_id().prop_map(Test::From),
        conversation_id().prop_map(Test::In),
        (timestamp(), timestamp()).prop_map(|(from, until)| Test::Sent(Period { from, until })),
        feature.prop_map(Test::Has),
        mark.prop_map(Test::Is),
        user_id().prop_map(Test::Mentions),
    ]
}

//! Requests to search with limits that no client of ours sends.

use cairn_client::proto::ids::{ConversationId, MsgId, Timestamp};
use cairn_client::proto::limits::{SEARCH_CONVERSATIONS_MAX, SEARCH_HITS_MAX};
use cairn_client::proto::model::search::{Condition, Query, Term, Test};
use cairn_client::proto::wire::error::ErrorCode;
use cairn_client::proto::wire::request::session::{Search, SearchCursor, SearchGoal, SearchPlace};

use crate::hostile::raw::Raw;
use crate::hostile::{Stage, group, text};

fn search(limit: u32, budget: u32) -> Search {
    let test = Test::Word(Term::new("word").unwrap());
    let negated = false;
    Search {
        query: Query::new(vec![vec![Condition { negated, test }]]).unwrap(),
        goal: SearchGoal::Hits,
        before: None,
        limit,
        budget,
    }
}

#[tokio::test]
async fn limits_of_searches_are_enforced() {
    let stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let team = group(&eve, "own", &[]).await;
    for n in 0..200 {
        let said = text(&format!("word {n}"));
        eve.conversation(team).send(said).await.unwrap();
    }
    let mut raw = Raw::log_in(stage.server.addr, &account).await;
    for (limit, budget) in [(0, 1), (1, 0)] {
        let answer = raw.ask(search(limit, budget)).await;
        assert_eq!(answer.unwrap_err(), ErrorCode::BadRequest);
    }
    let found = raw.ask(search(u32::MAX, u32::MAX)).await.unwrap();
    assert_eq!(found.hits.len(), SEARCH_HITS_MAX as usize);
    assert!(found.next.is_some());
    // The least budget gets further with every request.
    let (mut before, mut hits) = (None, 0);
    loop {
        let request = Search {
            before,
            ..search(50, 1)
        };
        let found = raw.ask(request).await.unwrap();
        hits += found.hits.len();
        match found.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    assert_eq!(hits, 200);
}

/// A cursor that was made up names conversations of others, and places beyond the end.
#[tokio::test]
async fn forged_cursors_show_nothing_else() {
    let stage = Stage::set().await;
    let (eve, account) = stage.user("eve").await;
    let (mal, _) = stage.user("mal").await;
    let hidden = group(&mal, "hidden", &[]).await;
    let own = group(&eve, "own", &[]).await;
    mal.conversation(hidden).send(text("word")).await.unwrap();
    let said = eve.conversation(own).send(text("word")).await.unwrap();
    let mut raw = Raw::log_in(stage.server.addr, &account).await;
    let place = |conversation, before| SearchPlace {
        conversation,
        before: MsgId::new(before),
    };
    let with = |places| Search {
        before: Some(SearchCursor {
            reached: Timestamp::new(u64::MAX),
            places,
        }),
        ..search(50, 100)
    };
    let found = raw
        .ask(with(vec![place(hidden, 99), place(own, u64::MAX)]))
        .await;
    let hits = found.unwrap().hits;
    assert_eq!(hits.len(), 1);
    assert_eq!((hits[0].run.conversation, hits[0].run.first), (own, said));
    let found = raw.ask(with(vec![place(own, 0), place(hidden, 99)])).await;
    assert_eq!(found.unwrap().hits, []);
    let many = (0..=SEARCH_CONVERSATIONS_MAX as u64).map(|id| place(ConversationId::new(id), 1));
    let refused = raw.ask(with(many.collect())).await;
    assert_eq!(refused.unwrap_err(), ErrorCode::BadRequest);
    raw.goes_on().await;
}

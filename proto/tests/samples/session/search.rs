//! Samples of searches.

use cairn_proto::ids::{MsgId, UserId};
use cairn_proto::model::search::{
    Condition, Feature, Highlights, Mark, Period, Query, Respelling, Span, Term, Test,
};
use cairn_proto::wire::request::session::{
    Found, Hit, Search, SearchCursor, SearchGoal, SearchPlace,
};

use crate::samples::Samples;
use crate::samples::bodies::run;
use crate::samples::values::{CAROL, DIRECT, GROUP, MESSAGE, NOON};

pub(super) fn add_all(samples: &mut Samples) {
    samples.add(tests());
    samples.add(vec![
        Feature::File,
        Feature::Image,
        Feature::Video,
        Feature::Link,
        Feature::Reaction,
    ]);
    samples.add(vec![Mark::Pinned, Mark::Edited, Mark::Unread]);
    samples.add(vec![SearchGoal::Hits, SearchGoal::Respelling]);
    samples.add(vec![Period::ALL]);
    samples.add(vec![query()]);
    samples.add(query().groups()[0].clone());
    samples.add(highlights().words);
    samples.add(vec![term("上海")]);
    samples.add(vec![highlights()]);
    samples.add(vec![respelling()]);
    samples.add(vec![cursor()]);
    samples.add(cursor().places);
    samples.add(vec![hit()]);
    samples.add(vec![found()]);
    let first = Search {
        query: query(),
        goal: SearchGoal::Hits,
        before: None,
        limit: 50,
        budget: 8_192,
    };
    let respelling = Search {
        goal: SearchGoal::Respelling,
        before: Some(cursor()),
        limit: 1,
        ..first.clone()
    };
    samples.ask(first, found());
    samples.ask_again(respelling);
}

fn term(raw: &str) -> Term {
    Term::new(raw).unwrap()
}

fn tests() -> Vec<Test> {
    vec![
        Test::Word(term("上海")),
        Test::Prefix(term("versio")),
        Test::Phrase(term("see you")),
        Test::Literal(term("xorg.conf")),
        Test::From(CAROL),
        Test::In(GROUP),
        Test::Sent(Period {
            from: NOON,
            ..Period::ALL
        }),
        Test::Has(Feature::Link),
        Test::Is(Mark::Unread),
        Test::Mentions(UserId::new(u32::MAX)),
    ]
}

fn query() -> Query {
    let tests = tests();
    let groups = tests.chunks(3).map(|tests| {
        let conditions = tests.iter().enumerate();
        conditions
            .map(|(at, test)| Condition {
                negated: at == 1,
                test: test.clone(),
            })
            .collect()
    });
    Query::new(groups.collect()).unwrap()
}

fn highlights() -> Highlights {
    Highlights {
        words: vec![
            Span { start: 0, end: 6 },
            Span {
                start: 250,
                end: 251,
            },
        ],
        file_name: vec![Span { start: 3, end: 9 }],
    }
}

fn respelling() -> Respelling {
    Respelling {
        word: term("shangahi"),
        instead: term("shanghai"),
    }
}

fn cursor() -> SearchCursor {
    let place = |conversation, before| SearchPlace {
        conversation,
        before,
    };
    SearchCursor {
        reached: NOON,
        places: vec![place(DIRECT, MESSAGE), place(GROUP, MsgId::new(1))],
    }
}

fn hit() -> Hit {
    Hit {
        run: run(),
        highlights: highlights(),
    }
}

fn found() -> Found {
    Found {
        hits: vec![hit()],
        respelling: Some(respelling()),
        next: Some(cursor()),
    }
}

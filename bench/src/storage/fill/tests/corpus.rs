use super::super::corpus::*;
use crate::words::Words;

#[test]
fn messages_have_their_size_and_begin_with_a_word() {
    let (mut corpus, words) = (Corpus::new(200, 1), Words::new());
    for _ in 0..1_000 {
        let text = corpus.text().unwrap();
        let first = text.as_str().split(' ').next().unwrap_or_default();
        assert_eq!(text.as_str().len(), 200);
        assert!(words.contains(first), "{text}");
    }
}

#[test]
fn a_seed_gives_the_same_messages_again_and_hardly_any_twice() {
    let some = |seed| {
        let mut corpus = Corpus::new(50, seed);
        (0..1_000)
            .map(|_| corpus.text().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(some(1), some(1));
    assert_ne!(some(1), some(2));
    let different: std::collections::HashSet<_> = some(3)
        .into_iter()
        .map(|text| text.as_str().to_owned())
        .collect();
    assert!(different.len() > 990, "{}", different.len());
}

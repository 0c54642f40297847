use super::*;

fn some(seed: u64) -> Vec<Message> {
    Load::new(10, 200, seed).messages(100).unwrap()
}

#[test]
fn a_seed_makes_the_same_messages_again() {
    assert_eq!(some(1), some(1));
    assert_ne!(some(1), some(2));
}

#[test]
fn messages_have_their_size_and_the_first_conversation_the_most() {
    let messages = some(1);
    assert!(
        messages
            .iter()
            .all(|message| message.text.as_str().len() == 200 && message.conversation < 10)
    );
    let of = |conversation| {
        messages
            .iter()
            .filter(|message| message.conversation == conversation)
            .count()
    };
    assert!(of(0) > of(9), "{} against {}", of(0), of(9));
}

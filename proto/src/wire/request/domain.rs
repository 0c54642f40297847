//! A domain of requests: an enum of their kinds, and the dispatch by kind.

/// Calls [`Visit::visit`] for the kind of a request.
pub trait Visitor {
    /// The result for every kind.
    type Output;
}

/// What a [`Visitor`] does with one kind of request. A kind without an implementation does not
/// compile.
pub trait Visit<C>: Visitor {
    /// Handles the request.
    fn visit(self, call: C) -> Self::Output;
}

/// Defines a domain of requests: its enum, the answer of each kind, and the dispatch to a visitor.
macro_rules! requests {
    ($(#[$doc:meta])* $domain:ident {
        $($(#[$call_doc:meta])* $kind:ident($call:ty) -> $answer:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $domain {
            $($(#[$call_doc])* $kind($call),)*
        }

        impl $domain {
            /// Passes the request to the visitor.
            pub fn visit<V>(self, visitor: V) -> V::Output
            where
                V: crate::wire::request::domain::Visitor
                    $(+ crate::wire::request::domain::Visit<$call>)*,
            {
                match self {
                    $(Self::$kind(call) => {
                        crate::wire::request::domain::Visit::<$call>::visit(visitor, call)
                    })*
                }
            }

            /// Passes a reference to the request to the visitor.
            pub fn visit_ref<'a, V>(&'a self, visitor: V) -> V::Output
            where
                V: crate::wire::request::domain::Visitor
                    $(+ crate::wire::request::domain::Visit<&'a $call>)*,
            {
                match self {
                    $(Self::$kind(call) => {
                        crate::wire::request::domain::Visit::<&'a $call>::visit(visitor, call)
                    })*
                }
            }
        }

        $(
            impl From<$call> for $domain {
                fn from(call: $call) -> Self {
                    Self::$kind(call)
                }
            }

            impl crate::wire::request::call::Call for $call {
                type Domain = $domain;
                type Answer = $answer;
            }
        )*
    };
}
pub(super) use requests;

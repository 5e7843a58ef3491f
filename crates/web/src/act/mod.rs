//! What a viewer can do: a form for each verb, and what it means before anything is signed. `GET` only: the page that says
//! what would be signed has an address of its own, and nothing happens until a wallet signs (`assets/act.js`).

mod approval;
mod asked;
mod draw;
mod facts;
mod operating;
mod plan;
mod price;

pub(crate) use facts::{leaving, of_terms, view};

use crate::{
    format::Ether,
    frame::{self, Page},
    pages::Paused,
    viewer::Viewer,
};
use alloy_primitives::Address;
use asked::{Asked, Trouble};
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query, rejection::QueryRejection},
    http::{Response, StatusCode},
};
use maud::{Markup, html};
use rpc::{Reads, Refused};
use std::collections::BTreeMap;

/// Characters of a field.
const MOST_CHARACTERS: usize = 200;

/// Characters of a field of bytes: what registrars ask for, such as keys with their proofs.
const MOST_OF_BYTES: usize = 4_000;

/// A verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Mint,
    Deposit,
    Delegate,
    Undelegate,
    Withdraw,
    Complete,
    Allocate,
    Register,
    Delay,
    Describe,
    Approver,
    Join,
    Leave,
    Approve,
}

/// Whose matter a verb is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Staker,
    Operator,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Who acts: the wallet's account.
    From,
    Text,
    /// Bytes in hex.
    Bytes,
    Strategy,
    /// Shown only where a link brought it.
    Hidden,
    /// Values and their names.
    Choice(&'static [(&'static str, &'static str)]),
}

/// A field of a form.
#[derive(Clone, Copy, Debug)]
struct Field {
    name: &'static str,
    label: &'static str,
    hint: &'static str,
    kind: Kind,
    is_optional: bool,
}

const fn field(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Field {
    Field { name, label, hint, kind, is_optional: false }
}

const FROM: Field = field("from", "Your account", "The wallet fills it in.", Kind::From);
const STRATEGY: Field = field("strategy", "Strategy", "The pool that holds the token.", Kind::Strategy);
const OPERATOR: Field = field(
    "operator",
    "Operator",
    "Its address. The list of operators shows what each has promised.",
    Kind::Text,
);
const AMOUNT: Field = field("amount", "Amount", "1.5, 25% or all.", Kind::Text);

const MINT: &[Field] = &[FROM, field("amount", "Amount of TEST", "100, for example.", Kind::Text)];
const DEPOSIT: &[Field] = &[FROM, STRATEGY, AMOUNT];
const fn approved(name: &'static str, label: &'static str, hint: &'static str) -> Field {
    Field { name, label, hint, kind: Kind::Hidden, is_optional: true }
}

const DELEGATE: &[Field] = &[
    FROM,
    OPERATOR,
    approved("signature", "Approval", "The approver's link fills it in."),
    approved("salt", "Salt of the approval", "The approver's link fills it in."),
    approved("expiry", "End of the approval", "The approver's link fills it in."),
];
const APPROVE: &[Field] =
    &[FROM, OPERATOR, field("staker", "Staker", "Who may delegate to the operator.", Kind::Text)];
const UNDELEGATE: &[Field] = &[FROM];
const COMPLETE: &[Field] = &[
    FROM,
    Field {
        name: "as",
        label: "Take it as",
        hint: "Stake that is put back is with your operator again.",
        kind: Kind::Choice(&[("tokens", "tokens, in my account"), ("stake", "stake, put back")]),
        is_optional: true,
    },
    Field {
        name: "root",
        label: "Only one",
        hint: "The first digits of its root. Empty: all that are ready.",
        kind: Kind::Text,
        is_optional: true,
    },
];
const fn optional(name: &'static str, label: &'static str, hint: &'static str, kind: Kind) -> Field {
    Field { name, label, hint, kind, is_optional: true }
}

const FOR_OPERATOR: Field =
    optional("operator", "Operator", "Only if you act for another account.", Kind::Text);
const SETS: Field = field(
    "set",
    "Operator sets",
    "The service's address, a colon, its sets' numbers: 0x…:0 or 0x…:0,1.",
    Kind::Text,
);
const WAIT: Field = field(
    "delay",
    "Allocation delay, in blocks",
    "How long an allocation waits before it counts. Longer than leaving takes: your stakers can go before it does.",
    Kind::Text,
);
const REGISTER: &[Field] = &[
    FROM,
    WAIT,
    optional("approver", "Who approves stakers", "An address. Empty: anyone may delegate.", Kind::Text),
    optional("metadata", "Your description", "Where it lies: https://… or ipfs://….", Kind::Text),
];
const DELAY: &[Field] = &[FROM, FOR_OPERATOR, WAIT];
const DESCRIBE: &[Field] = &[
    FROM,
    FOR_OPERATOR,
    field("metadata", "Your description", "Where it lies: https://… or ipfs://…. Empty: none.", Kind::Text),
];
const APPROVER: &[Field] = &[
    FROM,
    FOR_OPERATOR,
    field("approver", "Who approves stakers", "An address. Empty: anyone may delegate.", Kind::Text),
];
const JOIN: &[Field] = &[
    FROM,
    FOR_OPERATOR,
    SETS,
    optional("data", "For its registrar", "Bytes in hex, if the service asks for some.", Kind::Bytes),
];
const LEAVE: &[Field] = &[
    FROM,
    FOR_OPERATOR,
    SETS,
    optional(
        "way",
        "How",
        "First ask. A registrar that refuses cannot bar the other two.",
        Kind::Choice(&[
            ("ask", "now, with its registrar's consent"),
            ("request", "request an exit that it cannot bar"),
            ("force", "force an exit whose grace is over"),
        ]),
    ),
];
const ALLOCATE: &[Field] = &[
    FROM,
    FOR_OPERATOR,
    field("set", "Operator set", "The service's address, a colon, the set's number: 0x…:0.", Kind::Text),
    STRATEGY,
    field("part", "Part of the stake", "What the set can slash from then on, in all: 25%.", Kind::Text),
];

impl Verb {
    const ALL: [Self; 14] = [
        Self::Deposit,
        Self::Delegate,
        Self::Withdraw,
        Self::Complete,
        Self::Undelegate,
        Self::Mint,
        Self::Register,
        Self::Join,
        Self::Allocate,
        Self::Leave,
        Self::Delay,
        Self::Describe,
        Self::Approver,
        Self::Approve,
    ];

    fn path(self) -> &'static str {
        match self {
            Self::Mint => "mint",
            Self::Deposit => "deposit",
            Self::Delegate => "delegate",
            Self::Undelegate => "undelegate",
            Self::Withdraw => "withdraw",
            Self::Complete => "complete",
            Self::Allocate => "allocate",
            Self::Register => "register",
            Self::Delay => "delay",
            Self::Describe => "describe",
            Self::Approver => "approver",
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Approve => "approve",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Mint => "Make test tokens",
            Self::Deposit => "Deposit",
            Self::Delegate => "Delegate",
            Self::Undelegate => "Leave the operator",
            Self::Withdraw => "Queue a withdrawal",
            Self::Complete => "Complete withdrawals",
            Self::Allocate => "Allocate",
            Self::Register => "Become an operator",
            Self::Delay => "Set the allocation delay",
            Self::Describe => "Change your description",
            Self::Approver => "Choose who approves stakers",
            Self::Join => "Join operator sets",
            Self::Leave => "Leave operator sets",
            Self::Approve => "Approve a staker",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Mint => "Tokens to try things with. Anyone can make them; they are worth nothing.",
            Self::Deposit => "Put tokens at stake. Nobody can take any of them until you delegate.",
            Self::Delegate => "Choose the operator whose services your whole stake backs.",
            Self::Undelegate => "Your whole stake is queued for withdrawal, and waits.",
            Self::Withdraw => "Begin to take stake out. It waits, and can be slashed while it does.",
            Self::Complete => "Take out what has waited long enough, all at once.",
            Self::Approve => "As an operator's approver: sign that somebody may delegate. Nothing is sent.",
            Self::Allocate => "Say how much of your stake, and of your stakers', a service can slash.",
            Self::Register => "Take stake of others and promise it to services. It cannot be undone.",
            Self::Delay => {
                "How long your allocations wait before they count: the time your stakers have to go."
            }
            Self::Describe => "Where stakers read who you are. Stake stays as it is.",
            Self::Approver => "Let in only whom an account of your choice approves, or anyone.",
            Self::Join => "Serve a service. It can take what you allocate to its sets, and only that.",
            Self::Leave => "Serve it no longer. It can slash you for a while yet.",
        }
    }

    fn fields(self) -> &'static [Field] {
        match self {
            Self::Mint => MINT,
            Self::Deposit | Self::Withdraw => DEPOSIT,
            Self::Delegate => DELEGATE,
            Self::Undelegate => UNDELEGATE,
            Self::Complete => COMPLETE,
            Self::Allocate => ALLOCATE,
            Self::Register => REGISTER,
            Self::Delay => DELAY,
            Self::Describe => DESCRIBE,
            Self::Approver => APPROVER,
            Self::Join => JOIN,
            Self::Leave => LEAVE,
            Self::Approve => APPROVE,
        }
    }

    /// What the pauser stops when this cannot be done: leaving an operator queues a withdrawal, an operator delegates to
    /// itself.
    fn paused_as(self) -> &'static str {
        match self {
            Self::Undelegate => "withdraw",
            Self::Register => "delegate",
            Self::Leave => "join",
            _ => self.path(),
        }
    }

    const fn role(self) -> Role {
        match self {
            Self::Mint
            | Self::Deposit
            | Self::Delegate
            | Self::Undelegate
            | Self::Withdraw
            | Self::Complete => Role::Staker,
            Self::Allocate
            | Self::Register
            | Self::Delay
            | Self::Describe
            | Self::Approver
            | Self::Join
            | Self::Leave
            | Self::Approve => Role::Operator,
        }
    }

    /// The most characters of a field by this name, whether there is such a field or not.
    fn most_characters(self, name: &str) -> usize {
        let is_long = self.fields().iter().any(|field| field.name == name && field.kind == Kind::Bytes);
        if is_long { MOST_OF_BYTES } else { MOST_CHARACTERS }
    }

    fn named(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.path() == path)
    }

    /// The verbs that a chain offers.
    fn offered(reads: &Reads) -> impl Iterator<Item = Self> {
        let dev = reads.is_dev();
        Self::ALL.into_iter().filter(move |verb| dev || *verb != Self::Mint)
    }
}

/// All verbs.
pub(crate) async fn index(Extension(reads): Extension<Reads>, viewer: Viewer) -> Response<Body> {
    let body = draw::index(&reads, &accounts(&reads).await, &Paused::read(&reads).await);
    frame::page(&reads, &viewer, &Page { title: "Act", section: "/act", body })
}

/// The accounts that the node signs for, where it does.
async fn accounts(reads: &Reads) -> Vec<String> {
    let answer = reads.ask("eth_accounts", serde_json::json!([])).await.unwrap_or_default();
    serde_json::from_value(answer).unwrap_or_default()
}

type Sent = Result<Query<BTreeMap<String, String>>, QueryRejection>;

/// A verb: its form, or what would be signed if all that it needs was sent.
pub(crate) async fn show(
    Extension(reads): Extension<Reads>,
    viewer: Viewer,
    Path(path): Path<String>,
    sent: Sent,
) -> Response<Body> {
    let Some(verb) = Verb::named(&path) else {
        let why = format!("There is no verb “{}”.", crate::format::foreign(&path));
        return frame::refused(&reads, &viewer, &Refused { status: StatusCode::NOT_FOUND, why });
    };
    let asked = match sent {
        Ok(Query(fields)) => Asked(fields),
        Err(error) => {
            let why = error.body_text();
            return frame::refused(&reads, &viewer, &Refused { status: StatusCode::BAD_REQUEST, why });
        }
    };
    let too_long = asked.0.iter().find(|(name, text)| text.chars().count() > verb.most_characters(name));
    if let Some((name, _)) = too_long {
        let why = format!("A field has at most {} characters.", verb.most_characters(name));
        return frame::refused(&reads, &viewer, &Refused { status: StatusCode::BAD_REQUEST, why });
    }
    let wanted = |field: &&Field| !field.is_optional && !asked.has(field.name);
    let is_whole = !asked.has("edit") && !verb.fields().iter().any(|field| wanted(&field));
    let accounts = accounts(&reads).await;
    let paused = Paused::read(&reads).await.banners(&[verb.paused_as()]);
    let answer = if is_whole {
        meant(&reads, verb, &asked, viewer.ether, &accounts).await.map(Some)
    } else {
        Ok(None)
    };
    let (status, body) = match answer {
        Ok(Some(drawn)) => (StatusCode::OK, drawn),
        Ok(None) => (StatusCode::OK, draw::form(&reads, verb, &asked, None, &accounts).await),
        Err(trouble) => {
            let status = match &trouble {
                Trouble::Node(refused) if refused.status != StatusCode::BAD_REQUEST => refused.status,
                _ => StatusCode::UNPROCESSABLE_ENTITY,
            };
            (status, draw::form(&reads, verb, &asked, Some(&trouble), &accounts).await)
        }
    };
    let body = html! { (paused) (body) };
    frame::with_status(status, &reads, &viewer, &Page { title: verb.title(), section: "/act", body })
}

/// What a verb means, drawn.
async fn meant(
    reads: &Reads,
    verb: Verb,
    asked: &Asked,
    ether: Ether,
    accounts: &[String],
) -> Result<Markup, Trouble> {
    if verb == Verb::Approve {
        let approval = approval::make(reads, asked).await?;
        return Ok(draw::approval(reads, asked, &approval, accounts));
    }
    let plan = plan::make(reads, verb, asked).await?;
    let price = price::of(reads, &plan).await?;
    Ok(draw::before(reads, verb, asked, (&plan, &price), ether, accounts).await)
}

/// What a staker has now, as a part that follows the chain.
pub(crate) async fn position(
    Extension(reads): Extension<Reads>,
    Path(staker): Path<String>,
) -> Response<Body> {
    let staker: Address = staker.parse().unwrap_or_default();
    frame::fragment(draw::position(&reads, staker).await)
}

//! Acting as an operator: what each page says before one signs, that the chain takes what it prepares, and that nonsense is
//! refused at its field. The journey of a staker is tried in a browser (`tools/browser/act.mjs`).

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: a panic is how a test fails"
)]

mod node;

use alloy_primitives::Address;
use node::Node;
use reqwest::StatusCode;
use serde_json::{Value, json};
use types::{
    abi::IAllocationManager::{
        CreateSetParamsV2, createOperatorSets_1Call, setAVSRegistrarCall, updateAVSMetadataURICall,
    },
    addresses::{ALLOCATION_MANAGER, TEST_TOKEN_STRATEGY as TEST_STRATEGY},
};

const SERVICE: usize = 0;
const OPERATOR: usize = 1;
const STRANGER: usize = 2;
/// A contract that answers every call with one: a registrar that agrees to all.
const AGREEABLE: &str = "0x60015f5260205ff3";

/// What a page says, without its markup.
fn said(page: &str) -> String {
    let mut text = String::new();
    let mut is_markup = false;
    for letter in page.chars() {
        match letter {
            '<' => is_markup = true,
            '>' => is_markup = false,
            _ if !is_markup => text.push(letter),
            _ => {}
        }
    }
    text.replace("&quot;", "\"").replace("&amp;", "&")
}

/// The page that says what would be signed.
async fn before(node: &Node, path: &str) -> String {
    let (status, page) = node.get(&format!("/act/{path}")).await;
    assert_eq!(status, StatusCode::OK, "{path}: {}", said(&page));
    assert!(page.contains("Before you sign"), "{path}: {}", said(&page));
    page
}

/// Sends what a page prepared, as the wallet's script does.
async fn sign(node: &Node, page: &str) {
    let (_, rest) = page.split_once("data-transactions=\"").expect("a page before signing");
    let (attribute, _) = rest.split_once('"').unwrap();
    let all: Vec<Value> =
        serde_json::from_str(&attribute.replace("&quot;", "\"").replace("&amp;", "&")).unwrap();
    assert!(!all.is_empty());
    for transaction in all {
        let only =
            ["from", "to", "data", "gas", "value"].map(|name| (name.to_owned(), transaction[name].clone()));
        node.send(Value::Object(only.into_iter().collect())).await;
    }
}

/// What is wrong, in the words at the field.
async fn refused(node: &Node, path: &str) -> String {
    let (status, page) = node.get(&format!("/act/{path}")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}: {}", said(&page));
    let (_, rest) = page.split_once("class=\"wrong\"").unwrap_or_else(|| panic!("{path}: {}", said(&page)));
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</p>").unwrap().0.to_owned()
}

fn contains_all(page: &str, words: &[&str]) {
    let text = said(page);
    for words in words {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

/// A service with sets 0 and 1 of the test token.
async fn service(node: &Node) -> Address {
    let avs = node.who(SERVICE);
    let metadata = updateAVSMetadataURICall { avs, metadataURI: "ipfs://service".into() };
    node.call(SERVICE, ALLOCATION_MANAGER, &metadata).await;
    let params = [0, 1]
        .map(|id| CreateSetParamsV2 { operatorSetId: id, strategies: vec![TEST_STRATEGY], slasher: avs })
        .to_vec();
    node.call(SERVICE, ALLOCATION_MANAGER, &createOperatorSets_1Call { avs, params }).await;
    avs
}

/// The service's registrar becomes a contract.
async fn admit(node: &Node, avs: Address) {
    let registrar = Address::repeat_byte(0xa9);
    node.ask("anvil_setCode", json!([registrar, AGREEABLE])).await;
    node.call(SERVICE, ALLOCATION_MANAGER, &setAVSRegistrarCall { avs, registrar }).await;
}

#[tokio::test]
async fn an_account_becomes_an_operator_and_sets_its_delay() {
    let node = Node::start().await;
    let (me, stranger) = (node.who(OPERATOR), node.who(STRANGER));
    assert!(refused(&node, &format!("delay?from={me}&delay=5")).await.contains("is no operator"));
    let page = before(&node, &format!("register?from={me}&delay=0&approver=&metadata=")).await;
    contains_all(
        &page,
        &[
            "become an operator whose allocations count at once",
            "cannot be undone",
            "more can be put at risk before they can leave",
            "anyone may delegate to you",
            "stakers see an address only",
            "out again",
        ],
    );
    let other =
        format!("register?from={me}&delay=11&approver={stranger}&metadata=https://olga.test/about.json");
    let page = before(&node, &other).await;
    contains_all(&page, &["count after 11 blocks", "only stakers for whom"]);
    let text = said(&page);
    for unsaid in ["anyone may", "address only", "at once", "in time"] {
        assert!(!text.contains(unsaid), "{unsaid}: {text}");
    }
    sign(&node, &page).await;
    assert!(refused(&node, &format!("register?from={me}&delay=0")).await.contains("is an operator already"));
    let told: Value = serde_json::from_str(&node.get(&format!("/api/v1/operators/{me}")).await.1).unwrap();
    assert_eq!(told["is_operator"], true);
    assert_eq!(told["delegation_approver"].as_str().unwrap().parse::<Address>().unwrap(), stranger);
    assert!(refused(&node, &format!("delay?from={me}&delay=11")).await.contains("11 blocks already"));
    let page = before(&node, &format!("delay?from={me}&delay=3")).await;
    contains_all(&page, &["wait 3 blocks before they count", "11 until then", "cannot leave in time"]);
    sign(&node, &page).await;
    contains_all(
        &before(&node, &format!("delay?from={me}&delay=30")).await,
        &["replaces the delay of 3 blocks"],
    );
    for (delay, words) in
        [("", "number of blocks"), ("-1", "number of blocks"), ("4294967296", "number of blocks")]
    {
        assert!(refused(&node, &format!("delay?from={me}&delay={delay}")).await.contains(words), "{delay}");
    }
    node.end().await;
}

#[tokio::test]
async fn an_operator_changes_its_description_and_its_approver() {
    let node = Node::start().await;
    let (me, stranger) = (node.who(OPERATOR), node.who(STRANGER));
    for verb in ["describe?metadata=ipfs://me", "approver?approver="] {
        assert!(refused(&node, &format!("{verb}&from={me}")).await.contains("is no operator"), "{verb}");
    }
    sign(&node, &before(&node, &format!("register?from={me}&delay=0&metadata=ipfs://old")).await).await;
    let told = async || -> Value {
        serde_json::from_str(&node.get(&format!("/api/v1/operators/{me}")).await.1).unwrap()
    };
    let describe = |at: &str| format!("describe?from={me}&metadata={at}");
    assert!(refused(&node, &describe("ipfs://old")).await.contains("lies there already"));
    let page = before(&node, &describe("https://olga.test/new.json")).await;
    contains_all(
        &page,
        &[
            "lies at https://olga.test/new.json",
            "instead of ipfs://old",
            "nobody’s stake changes",
            "the next block",
        ],
    );
    assert!(!said(&page).contains("see an address only"));
    sign(&node, &page).await;
    assert_eq!(told().await["metadata_uri"], "https://olga.test/new.json");
    contains_all(&before(&node, &describe("somewhere")).await, &["see an address only"]);
    let page = before(&node, &describe("")).await;
    contains_all(&page, &["take the description", "see an address only"]);
    sign(&node, &page).await;
    assert!(refused(&node, &describe("")).await.contains("has no description already"));

    let approver = |who: &str| format!("approver?from={me}&approver={who}");
    assert!(refused(&node, &approver("")).await.contains("Anyone may delegate"));
    assert!(refused(&node, &approver("0x12")).await.contains("no address"));
    let page = before(&node, &approver(&stranger.to_string())).await;
    contains_all(
        &page,
        &["let only stakers that", "who delegates to you already stays", "only stakers for whom"],
    );
    assert!(!said(&page).contains("counts no longer"));
    sign(&node, &page).await;
    let now: Address = told().await["delegation_approver"].as_str().unwrap().parse().unwrap();
    assert_eq!(now, stranger);
    assert!(refused(&node, &approver(&stranger.to_string())).await.contains("already"));
    let page = before(&node, &approver("")).await;
    contains_all(&page, &["let anyone delegate", "cannot refuse their stake", "need not ask"]);
    assert!(!said(&page).contains("counts no longer"));
    let page = before(&node, &approver(&node.who(SERVICE).to_string())).await;
    contains_all(&page, &["counts no longer", "must ask"]);
    // Somebody without the operator's leave is refused by the chain, before anything is signed.
    let (status, page) = node.get(&format!("/act/approver?from={stranger}&operator={me}&approver=")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{}", said(&page));
    assert!(said(&page).contains("InvalidPermissions"), "{}", said(&page));
    node.end().await;
}

#[tokio::test]
async fn an_operator_joins_and_leaves_sets_and_is_told_what_can_be_taken_meanwhile() {
    let node = Node::start().await;
    let avs = service(&node).await;
    let me = node.who(OPERATOR);
    let page = before(&node, &format!("register?from={me}&delay=0")).await;
    sign(&node, &page).await;
    let join = |set: &str| format!("join?from={me}&set={avs}:{set}");
    assert!(refused(&node, &join("0")).await.contains("is no contract"));
    admit(&node, avs).await;
    for (set, words) in
        [("9", "no operator set 9"), ("0,0", "named twice"), ("", "0x…:0,1"), ("x", "0x…:0,1")]
    {
        assert!(refused(&node, &join(set)).await.contains(words), "{set}");
    }
    assert!(refused(&node, &format!("{}&data=0x1", join("0"))).await.contains("in hex"));
    assert!(refused(&node, &format!("leave?from={me}&set={avs}:0")).await.contains("is not in"));
    let page = before(&node, &format!("{}&data=0xc0ffee", join("0,1"))).await;
    contains_all(
        &page,
        &[
            "nothing can be taken yet",
            "a plain account",
            "who leaves a set can be slashed by it for 10 blocks yet",
            "can refuse to let you go; an exit that it cannot bar takes 5 blocks more",
            "the next block",
        ],
    );
    sign(&node, &page).await;
    assert!(refused(&node, &join("1")).await.contains("already"));
    let part = format!("allocate?from={me}&set={avs}:0&strategy={TEST_STRATEGY}&part=25%25");
    let page = before(&node, &part).await;
    sign(&node, &page).await;
    let leave = format!("leave?from={me}&set={avs}:0");
    contains_all(
        &before(&node, &format!("{leave}&way=request")).await,
        &["request an exit", "cannot bar", "the exit can be forced", "slashable as before"],
    );
    assert!(refused(&node, &format!("{leave}&way=fly")).await.contains("Choose one"));
    let (status, forced) = node.get(&format!("/act/{leave}&way=force")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(said(&forced).contains("ExitNotRequested"), "{}", said(&forced));
    let page = before(&node, &leave).await;
    contains_all(
        &page,
        &["still allocated, until you allocate 0 %: 25", "of the TEST stake", "out of its reach"],
    );
    sign(&node, &page).await;
    assert!(refused(&node, &join("0")).await.contains("can still be slashed by it"));
    // The registrar refuses: the other way is open.
    node.ask("anvil_setCode", json!([Address::repeat_byte(0xa9), "0x5f5ffd"])).await;
    let path = format!("leave?from={me}&set={avs}:1");
    assert_eq!(node.get(&format!("/act/{path}")).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    let page = before(&node, &format!("{path}&way=request")).await;
    sign(&node, &page).await;
    node.ask("anvil_mine", json!([6])).await;
    let page = before(&node, &format!("{path}&way=force")).await;
    sign(&node, &page).await;
    let told: Value = serde_json::from_str(&node.get(&format!("/api/v1/operators/{me}")).await.1).unwrap();
    assert_eq!(told["registered_sets"], json!([]), "{told}");
    node.end().await;
}

#[tokio::test]
async fn the_pages_of_operators_and_sets_lead_to_what_they_can_do() {
    let node = Node::start().await;
    let avs = service(&node).await;
    let me = node.who(OPERATOR);
    let links = async |path: &str, wanted: &[&str]| {
        let (status, page) = node.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        for link in wanted {
            assert!(page.contains(&format!("href=\"{link}")), "{path} does not lead to {link}");
            let (status, form) = node.get(link).await;
            assert_eq!(status, StatusCode::OK, "{link}");
            assert!(form.contains("class=\"fields\""), "{link}");
        }
    };
    let register = format!("/act/register?from={me}");
    links("/operators", &["/act/register"]).await;
    links(&format!("/operators/{me}"), &[&register]).await;
    let page = before(&node, &format!("register?from={me}&delay=0")).await;
    sign(&node, &page).await;
    let own = ["join", "leave", "delay"].map(|verb| format!("/act/{verb}?from={me}"));
    links(&format!("/operators/{me}"), &own.each_ref().map(String::as_str)).await;
    let of_set = ["join", "leave", "allocate"].map(|verb| format!("/act/{verb}?set={avs}:1"));
    links(&format!("/services/{avs}/sets/1"), &of_set.each_ref().map(String::as_str)).await;
    node.end().await;
}

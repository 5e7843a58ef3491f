//! A certificate as JSON: snake_case, integers as decimal strings where they may be large (decisions 7). The tree is the
//! preorder list of nodes: `{"service": 3}`, `{"operator": 7}`, `{"prices": […]}`,
//! `{"unreachable": 3}` or `{"cover": {"service": 3, "operators": […], "price": …}}`.

use super::{Attack, Certificate, Cover, Fraction, Lower, Node, Part};
use crate::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A large integer as a decimal string.
#[derive(Clone, Copy)]
struct Big(u128);

impl Serialize for Big {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Big {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.map(Self).ok_or_else(|| de::Error::custom(format!("{text:?} is no whole number")))
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCertificate {
    schema: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<u32>,
    lower: Option<FileLower>,
    upper: Option<FileAttack>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileLower {
    numerator: Big,
    denominator: Big,
    nodes: Vec<FileNode>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FileNode {
    Service(u32),
    Operator(u32),
    Prices(Vec<Big>),
    Unreachable(u32),
    Cover(FileCover),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileCover {
    service: u32,
    operators: Vec<u32>,
    price: Big,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileAttack {
    services: Vec<u32>,
    operators: Vec<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    parts: Vec<(u32, u32, Big)>,
}

/// Name of the form.
const SCHEMA: &str = "bulwark-risk-certificate/1";

/// The certificate as a JSON value.
pub fn to_json(certificate: &Certificate) -> serde_json::Value {
    let node = |node: &Node| match node {
        Node::Service(service) => FileNode::Service(*service),
        Node::Operator(operator) => FileNode::Operator(*operator),
        Node::Leaf(prices) => FileNode::Prices(prices.iter().map(|price| Big(*price)).collect()),
        Node::Unreachable(service) => FileNode::Unreachable(*service),
        Node::Cover(Cover { service, operators, price }) => {
            FileNode::Cover(FileCover { service: *service, operators: operators.clone(), price: Big(*price) })
        }
    };
    let lower = certificate.lower.as_ref().map(|lower| FileLower {
        numerator: Big(lower.ratio.num),
        denominator: Big(lower.ratio.den),
        nodes: lower.nodes.iter().map(node).collect(),
    });
    let upper = certificate.upper.as_ref().map(|attack| FileAttack {
        services: attack.services.clone(),
        operators: attack.operators.clone(),
        parts: attack.parts.iter().map(|it| (it.operator, it.service, Big(it.stake))).collect(),
    });
    let file = FileCertificate { schema: SCHEMA.into(), service: certificate.service, lower, upper };
    serde_json::to_value(file).unwrap_or_default()
}

/// Reads a certificate from JSON text.
///
/// # Errors
/// What is not of the form, with its path.
pub fn from_json(text: &str) -> Result<Certificate, Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let file: FileCertificate = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| Error::Form(format!("{}: {}", error.path(), error.inner())))?;
    deserializer.end().map_err(|error| Error::Form(error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(Error::Form(format!("schema is {:?}, this build reads {SCHEMA:?}", file.schema)));
    }
    let node = |node: FileNode| match node {
        FileNode::Service(service) => Node::Service(service),
        FileNode::Operator(operator) => Node::Operator(operator),
        FileNode::Prices(prices) => Node::Leaf(prices.into_iter().map(|price| price.0).collect()),
        FileNode::Unreachable(service) => Node::Unreachable(service),
        FileNode::Cover(FileCover { service, operators, price }) => {
            Node::Cover(Cover { service, operators, price: price.0 })
        }
    };
    let lower = file.lower.map(|lower| Lower {
        ratio: Fraction { num: lower.numerator.0, den: lower.denominator.0 },
        nodes: lower.nodes.into_iter().map(node).collect(),
    });
    let part = |(operator, service, stake): (u32, u32, Big)| Part { operator, service, stake: stake.0 };
    let upper = file.upper.map(|attack| Attack {
        services: attack.services,
        operators: attack.operators,
        parts: attack.parts.into_iter().map(part).collect(),
    });
    Ok(Certificate { service: file.service, lower, upper })
}

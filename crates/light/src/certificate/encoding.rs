//! Bytes of a certificate: a version byte, then numbers in seven-bit groups, least first, each in its shortest form.
//! So one certificate has one encoding, and its hash names it. Reading allocates no more than the bytes justify.

use super::{Attack, Certificate, Cover, Fraction, Lower, Node, Part};
use alloy_primitives::{B256, keccak256};

/// Version of the encoding.
const VERSION: u8 = 1;

/// Why bytes are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Where, in bytes from the start.
    pub at: usize,
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "no certificate: byte {} is not what must stand there", self.at)
    }
}

/// The hash that names a certificate: keccak256 of its bytes.
pub fn hash(certificate: &Certificate) -> B256 {
    keccak256(encode(certificate))
}

/// The bytes of a certificate.
pub fn encode(certificate: &Certificate) -> Vec<u8> {
    let mut out = vec![VERSION];
    // An absent service is 0, service s is s + 1.
    number(&mut out, certificate.service.map_or(0, |service| u128::from(service).saturating_add(1)));
    match &certificate.lower {
        None => out.push(0),
        Some(lower) => {
            out.push(1);
            number(&mut out, lower.ratio.num);
            number(&mut out, lower.ratio.den);
            number(&mut out, lower.nodes.len() as u128);
            lower.nodes.iter().for_each(|it| node(&mut out, it));
        }
    }
    match &certificate.upper {
        None => out.push(0),
        Some(attack) => {
            out.push(1);
            indices(&mut out, &attack.services);
            indices(&mut out, &attack.operators);
            number(&mut out, attack.parts.len() as u128);
            for part in &attack.parts {
                number(&mut out, part.operator.into());
                number(&mut out, part.service.into());
                number(&mut out, part.stake);
            }
        }
    }
    out
}

fn node(out: &mut Vec<u8>, node: &Node) {
    match node {
        Node::Service(service) => {
            out.push(0);
            number(out, (*service).into());
        }
        Node::Operator(operator) => {
            out.push(1);
            number(out, (*operator).into());
        }
        Node::Leaf(prices) => {
            out.push(2);
            number(out, prices.len() as u128);
            prices.iter().for_each(|price| number(out, *price));
        }
        Node::Unreachable(service) => {
            out.push(3);
            number(out, (*service).into());
        }
        Node::Cover(cover) => {
            out.push(4);
            number(out, cover.service.into());
            indices(out, &cover.operators);
            number(out, cover.price);
        }
    }
}

fn indices(out: &mut Vec<u8>, indices: &[u32]) {
    number(out, indices.len() as u128);
    indices.iter().for_each(|index| number(out, (*index).into()));
}

fn number(out: &mut Vec<u8>, mut value: u128) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Reads bytes of a certificate.
///
/// # Errors
/// Another version, a number that is cut off, too large or longer than needed, or bytes left over.
pub fn decode(bytes: &[u8]) -> Result<Certificate, Malformed> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.byte()? != VERSION {
        return Err(Malformed { at: 0 });
    }
    let service = match reader.number()? {
        0 => None,
        service => Some(reader.index_of(service.checked_sub(1))?),
    };
    let lower = if reader.flag()? { Some(reader.lower()?) } else { None };
    let upper = if reader.flag()? { Some(reader.attack()?) } else { None };
    if reader.at == bytes.len() { Ok(Certificate { service, lower, upper }) } else { reader.refuse() }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn refuse<T>(&self) -> Result<T, Malformed> {
        Err(Malformed { at: self.at })
    }

    fn byte(&mut self) -> Result<u8, Malformed> {
        let Some(byte) = self.bytes.get(self.at) else { return self.refuse() };
        self.at = self.at.saturating_add(1);
        Ok(*byte)
    }

    fn flag(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => self.refuse(),
        }
    }

    fn number(&mut self) -> Result<u128, Malformed> {
        let mut value = 0u128;
        for group in 0u32..19 {
            let byte = self.byte()?;
            let bits = u128::from(byte & 0x7f);
            let shift = group.saturating_mul(7);
            // The nineteenth group has room for two bits.
            if group == 18 && bits > 3 {
                return self.refuse();
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return if byte == 0 && group > 0 { self.refuse() } else { Ok(value) };
            }
        }
        self.refuse()
    }

    fn index_of(&self, value: Option<u128>) -> Result<u32, Malformed> {
        value.and_then(|value| u32::try_from(value).ok()).ok_or(Malformed { at: self.at })
    }

    fn index(&mut self) -> Result<u32, Malformed> {
        let value = self.number()?;
        self.index_of(Some(value))
    }

    /// A list's length: each entry takes at least a byte, so no more than there are bytes left.
    fn length(&mut self) -> Result<usize, Malformed> {
        let length = self.number()?;
        let left = self.bytes.len().saturating_sub(self.at);
        usize::try_from(length).ok().filter(|length| *length <= left).ok_or(Malformed { at: self.at })
    }

    fn indices(&mut self) -> Result<Vec<u32>, Malformed> {
        (0..self.length()?).map(|_| self.index()).collect()
    }

    fn lower(&mut self) -> Result<Lower, Malformed> {
        let ratio = Fraction { num: self.number()?, den: self.number()? };
        let nodes = (0..self.length()?).map(|_| self.node()).collect::<Result<_, _>>()?;
        Ok(Lower { ratio, nodes })
    }

    fn node(&mut self) -> Result<Node, Malformed> {
        match self.byte()? {
            0 => Ok(Node::Service(self.index()?)),
            1 => Ok(Node::Operator(self.index()?)),
            2 => Ok(Node::Leaf((0..self.length()?).map(|_| self.number()).collect::<Result<_, _>>()?)),
            3 => Ok(Node::Unreachable(self.index()?)),
            4 => {
                let (service, operators) = (self.index()?, self.indices()?);
                Ok(Node::Cover(Cover { service, operators, price: self.number()? }))
            }
            _ => self.refuse(),
        }
    }

    fn attack(&mut self) -> Result<Attack, Malformed> {
        let (services, operators) = (self.indices()?, self.indices()?);
        let part = |reader: &mut Self| {
            Ok(Part { operator: reader.index()?, service: reader.index()?, stake: reader.number()? })
        };
        let parts = (0..self.length()?).map(|_| part(self)).collect::<Result<_, _>>()?;
        Ok(Attack { services, operators, parts })
    }
}

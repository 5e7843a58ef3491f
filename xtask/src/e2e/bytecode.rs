//! Random contracts that do something: short pieces of code, each leaving the stack as it found it, in a random order.
//! Together they reach storage, logs, calls of every kind, creation, self-destruction, precompiles and every way to fail.

use super::chance::Chance;
use alloy_primitives::{Address, U256};
use revm::bytecode::opcode as op;

/// Precompiles that need no trusted set-up: EIP-198 to 2537, and 7951.
const PRECOMPILES: [u16; 17] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 0x100];

/// Two operands in, one out.
const BINARY: [u8; 24] = [
    op::ADD,
    op::MUL,
    op::SUB,
    op::DIV,
    op::SDIV,
    op::MOD,
    op::SMOD,
    op::EXP,
    op::SIGNEXTEND,
    op::LT,
    op::GT,
    op::SLT,
    op::SGT,
    op::EQ,
    op::AND,
    op::OR,
    op::XOR,
    op::BYTE,
    op::SHL,
    op::SHR,
    op::SAR,
    op::ADDMOD,
    op::MULMOD,
    op::KECCAK256,
];

/// Nothing in, one out.
const ENVIRONMENT: [u8; 18] = [
    op::ADDRESS,
    op::ORIGIN,
    op::CALLER,
    op::CALLVALUE,
    op::CALLDATASIZE,
    op::CODESIZE,
    op::GASPRICE,
    op::RETURNDATASIZE,
    op::COINBASE,
    op::TIMESTAMP,
    op::NUMBER,
    op::DIFFICULTY,
    op::GASLIMIT,
    op::CHAINID,
    op::SELFBALANCE,
    op::BASEFEE,
    op::BLOBBASEFEE,
    op::GAS,
];

/// One in, one out.
const UNARY: [u8; 6] = [op::ISZERO, op::NOT, op::CLZ, op::CALLDATALOAD, op::BLOBHASH, op::SLOAD];

/// An address in, one out.
const OF_ADDRESS: [u8; 3] = [op::BALANCE, op::EXTCODESIZE, op::EXTCODEHASH];

/// Bytes of memory that pieces work in.
const MEMORY: u64 = 256;
/// Longest runtime of purely random bytes.
const MAX_NOISE: u64 = 64;

/// Code under construction.
#[derive(Debug, Default)]
struct Code(Vec<u8>);

impl Code {
    fn op(&mut self, opcode: u8) -> &mut Self {
        self.0.push(opcode);
        self
    }

    fn push(&mut self, value: U256) -> &mut Self {
        let bytes = value.to_be_bytes_trimmed_vec();
        self.op(op::PUSH0 + u8::try_from(bytes.len()).unwrap_or_default());
        self.0.extend(bytes);
        self
    }

    fn number(&mut self, value: u64) -> &mut Self {
        self.push(U256::from(value))
    }

    fn address(&mut self, address: Address) -> &mut Self {
        self.push(U256::from_be_slice(address.as_slice()))
    }

    /// Keeps the top of the stack in a random slot of sixteen.
    fn keep(&mut self, chance: &mut Chance) {
        self.number(chance.below(16)).op(op::SSTORE);
    }
}

/// A random runtime that knows `addresses`.
pub fn runtime(chance: &mut Chance, addresses: &[Address]) -> Vec<u8> {
    if chance.one_in(20) {
        let length = chance.index(MAX_NOISE as usize);
        return chance.bytes(length);
    }
    let mut code = Code::default();
    for _ in 0..2 + chance.below(9) {
        if chance.one_in(5) {
            guarded(&mut code, chance, addresses);
        } else {
            piece(&mut code, chance, addresses);
        }
    }
    ending(&mut code, chance, addresses);
    code.0
}

/// Creation code: at times runs pieces first, then returns `runtime`.
pub fn creation(chance: &mut Chance, addresses: &[Address], runtime: &[u8]) -> Vec<u8> {
    let mut code = Code::default();
    if chance.one_in(3) {
        piece(&mut code, chance, addresses);
    }
    let length = u16::try_from(runtime.len()).unwrap_or(u16::MAX).to_be_bytes();
    // PUSH2 length, PUSH2 offset, PUSH0, CODECOPY, PUSH2 length, PUSH0, RETURN: 13 bytes, then the runtime.
    let offset = u16::try_from(code.0.len() + 13).unwrap_or(u16::MAX).to_be_bytes();
    code.op(op::PUSH2).0.extend(length);
    code.op(op::PUSH2).0.extend(offset);
    code.op(op::PUSH0).op(op::CODECOPY).op(op::PUSH2).0.extend(length);
    code.op(op::PUSH0).op(op::RETURN).0.extend(runtime);
    code.0
}

/// A piece that runs only if a slot is zero.
fn guarded(code: &mut Code, chance: &mut Chance, addresses: &[Address]) {
    let mut inner = Code::default();
    if chance.one_in(6) {
        inner.address(target(chance, addresses)).op(op::SELFDESTRUCT);
    } else {
        piece(&mut inner, chance, addresses);
    }
    code.number(chance.below(16)).op(op::SLOAD).op(op::PUSH2);
    let end = u16::try_from(code.0.len() + 3 + inner.0.len()).unwrap_or(u16::MAX);
    code.0.extend(end.to_be_bytes());
    code.op(op::JUMPI).0.extend(inner.0);
    code.op(op::JUMPDEST);
}

fn piece(code: &mut Code, chance: &mut Chance, addresses: &[Address]) {
    match chance.below(12) {
        0 | 1 => code.push(chance.word()).keep(chance),
        2 => {
            let opcode = chance.pick(&BINARY);
            // KECCAK256 would read as much memory as its operands say.
            let operand = |chance: &mut Chance| match opcode {
                op::KECCAK256 => U256::from(chance.below(MEMORY)),
                _ => chance.word(),
            };
            let (a, b, c) = (operand(chance), operand(chance), chance.word());
            if matches!(opcode, op::ADDMOD | op::MULMOD) {
                code.push(c);
            }
            code.push(a).push(b).op(opcode).keep(chance);
        }
        3 => code.op(chance.pick(&ENVIRONMENT)).keep(chance),
        4 => code.push(chance.word()).op(chance.pick(&UNARY)).keep(chance),
        5 => code.address(target(chance, addresses)).op(chance.pick(&OF_ADDRESS)).keep(chance),
        6 => code.number(1 + chance.below(300)).op(op::NUMBER).op(op::SUB).op(op::BLOCKHASH).keep(chance),
        7 => memory(code, chance, addresses),
        8 => log(code, chance),
        9 => transient(code, chance),
        10 => create(code, chance),
        _ => call(code, chance, addresses),
    }
}

fn memory(code: &mut Code, chance: &mut Chance, addresses: &[Address]) {
    let place = |chance: &mut Chance| U256::from(chance.below(MEMORY));
    match chance.below(6) {
        0 => code.push(chance.word()).push(place(chance)).op(op::MSTORE),
        1 => code.push(chance.word()).push(place(chance)).op(op::MSTORE8),
        2 => code.push(place(chance)).push(place(chance)).push(place(chance)).op(op::MCOPY),
        3 => code.push(place(chance)).push(place(chance)).push(place(chance)).op(op::CALLDATACOPY),
        4 => code.push(place(chance)).push(place(chance)).push(place(chance)).op(op::CODECOPY),
        _ => {
            let (length, from, to) = (place(chance), place(chance), place(chance));
            code.push(length).push(from).push(to).address(target(chance, addresses)).op(op::EXTCODECOPY)
        }
    };
    code.number(chance.below(MEMORY)).number(chance.below(MEMORY)).op(op::KECCAK256).keep(chance);
}

fn log(code: &mut Code, chance: &mut Chance) {
    let topics = chance.below(5);
    for _ in 0..topics {
        code.push(chance.word());
    }
    code.number(chance.below(100)).number(chance.below(MEMORY));
    code.op(op::LOG0 + u8::try_from(topics).unwrap_or_default());
}

fn transient(code: &mut Code, chance: &mut Chance) {
    code.push(chance.word()).number(chance.below(4)).op(op::TSTORE);
    code.number(chance.below(4)).op(op::TLOAD).keep(chance);
}

/// Creates a small contract with either opcode, and calls it at times.
fn create(code: &mut Code, chance: &mut Chance) {
    let bodies: [&[u8]; 6] = [
        &[],
        &[op::CALLER, op::SELFDESTRUCT],
        &[op::PUSH1, 1, op::PUSH0, op::SSTORE],
        &[op::PUSH0, op::PUSH0, op::REVERT],
        &[0xef, 1],
        &[op::INVALID],
    ];
    let body = chance.pick(&bodies);
    let length = u8::try_from(body.len()).unwrap_or_default();
    // PUSHn body, PUSH0, MSTORE, PUSH1 n, PUSH1 32 - n, RETURN.
    let mut creation = vec![op::PUSH0 + length];
    creation.extend(body);
    creation.extend([op::PUSH0, op::MSTORE, op::PUSH1, length, op::PUSH1, 32 - length, op::RETURN]);
    if chance.one_in(6) {
        creation = chance.bytes(16);
    }
    code.push(U256::from_be_slice(&creation)).op(op::PUSH0).op(op::MSTORE);
    let second = chance.one_in(2);
    if second {
        code.number(chance.below(3));
    }
    let value = if chance.one_in(3) { chance.below(3) } else { 0 };
    code.number(creation.len() as u64).number(32 - creation.len() as u64).number(value);
    code.op(if second { op::CREATE2 } else { op::CREATE });
    if chance.one_in(2) {
        // Zero lengths and value under the address: CALL(gas, address, 0, 0, 0, 0, 0).
        for _ in 0..5 {
            code.op(op::PUSH0);
        }
        code.op(op::DUP1 + 5).number(30_000 + chance.below(50_000)).op(op::CALL).keep(chance);
    }
    code.keep(chance);
}

fn call(code: &mut Code, chance: &mut Chance, addresses: &[Address]) {
    if chance.one_in(2) {
        code.push(chance.word()).number(chance.below(MEMORY)).op(op::MSTORE);
    }
    let opcode = chance.pick(&[op::CALL, op::CALL, op::CALLCODE, op::DELEGATECALL, op::STATICCALL]);
    for _ in 0..2 {
        code.number(chance.below(MEMORY)).number(chance.below(MEMORY));
    }
    if matches!(opcode, op::CALL | op::CALLCODE) {
        code.number(if chance.one_in(3) { chance.below(1000) } else { 0 });
    }
    code.address(target(chance, addresses));
    if chance.one_in(2) {
        code.op(op::GAS);
    } else {
        code.number(chance.below(100_000));
    }
    code.op(opcode).keep(chance);
    if chance.one_in(3) {
        code.op(op::RETURNDATASIZE).op(op::PUSH0).number(chance.below(MEMORY)).op(op::RETURNDATACOPY);
    }
}

fn ending(code: &mut Code, chance: &mut Chance, addresses: &[Address]) {
    match chance.below(20) {
        0..9 => code.number(chance.below(MEMORY)).number(chance.below(MEMORY)).op(op::RETURN),
        9..12 => code.number(chance.below(MEMORY)).number(chance.below(MEMORY)).op(op::REVERT),
        12 => code.op(op::INVALID),
        13 => code.address(target(chance, addresses)).op(op::SELFDESTRUCT),
        14 => {
            // Runs out of gas.
            let start = u16::try_from(code.0.len()).unwrap_or_default().to_be_bytes();
            code.op(op::JUMPDEST).op(op::PUSH2).0.extend(start);
            code.op(op::JUMP)
        }
        15 => code.op(op::JUMP),
        _ => code.op(op::STOP),
    };
}

/// Somebody to call: a known address, a precompile, or one where nothing is.
fn target(chance: &mut Chance, addresses: &[Address]) -> Address {
    match chance.below(6) {
        0 => Address::left_padding_from(&chance.pick(&PRECOMPILES).to_be_bytes()),
        1 => Address::left_padding_from(&(0xdead_0000 + chance.below(8)).to_be_bytes()),
        _ => chance.pick(addresses),
    }
}

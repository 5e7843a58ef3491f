//! What EIGEN and bEIGEN share: OpenZeppelin's ERC-20 with votes and permits (4.9), ownership, closed transfers.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IVotesToken {
        /// How many votes an account had from some second on.
        struct Checkpoint {
            /// The second, whatever the name says.
            uint32 fromBlock;
            /// Votes.
            uint224 votes;
        }

        event Approval(address indexed owner, address indexed spender, uint256 value);
        event DelegateChanged(
            address indexed delegator,
            address indexed fromDelegate,
            address indexed toDelegate
        );
        event DelegateVotesChanged(address indexed delegate, uint256 previousBalance, uint256 newBalance);
        event EIP712DomainChanged();
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
        event SetAllowedFrom(address indexed from, bool isAllowedFrom);
        event SetAllowedTo(address indexed to, bool isAllowedTo);
        event Transfer(address indexed from, address indexed to, uint256 value);
        event TransferRestrictionsDisabled();

        function CLOCK_MODE() external pure returns (string memory);
        function DOMAIN_SEPARATOR() external view returns (bytes32);
        function allowance(address owner, address spender) external view returns (uint256);
        function allowedFrom(address from) external view returns (bool);
        function allowedTo(address to) external view returns (bool);
        function approve(address spender, uint256 amount) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function checkpoints(address account, uint32 pos) external view returns (Checkpoint memory);
        function clock() external view returns (uint48);
        function decimals() external view returns (uint8);
        function decreaseAllowance(address spender, uint256 subtractedValue) external returns (bool);
        function delegate(address delegatee) external;
        function delegateBySig(
            address delegatee,
            uint256 nonce,
            uint256 expiry,
            uint8 v,
            bytes32 r,
            bytes32 s
        ) external;
        function delegates(address account) external view returns (address);
        function disableTransferRestrictions() external;
        function eip712Domain() external view returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        );
        function getPastTotalSupply(uint256 timepoint) external view returns (uint256);
        function getPastVotes(address account, uint256 timepoint) external view returns (uint256);
        function getVotes(address account) external view returns (uint256);
        function increaseAllowance(address spender, uint256 addedValue) external returns (bool);
        function name() external view returns (string memory);
        function nonces(address owner) external view returns (uint256);
        function numCheckpoints(address account) external view returns (uint32);
        function owner() external view returns (address);
        function permit(
            address owner,
            address spender,
            uint256 value,
            uint256 deadline,
            uint8 v,
            bytes32 r,
            bytes32 s
        ) external;
        function renounceOwnership() external;
        function setAllowedFrom(address from, bool isAllowedFrom) external;
        function setAllowedTo(address to, bool isAllowedTo) external;
        function symbol() external view returns (string memory);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 amount) external returns (bool);
        function transferFrom(address from, address to, uint256 amount) external returns (bool);
        function transferOwnership(address newOwner) external;
        function transferRestrictionsDisabledAfter() external view returns (uint256);
    }
}

//! The verbs of OpenZeppelin's Ownable (4.9).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IOwnable {
        event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);

        function owner() external view returns (address);
        function renounceOwnership() external;
        function transferOwnership(address newOwner) external;
    }
}

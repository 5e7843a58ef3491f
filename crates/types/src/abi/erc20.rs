//! The ERC-20 standard (EIP-20), as native contracts call tokens.

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IERC20 {
        event Approval(address indexed owner, address indexed spender, uint256 value);
        event Transfer(address indexed from, address indexed to, uint256 value);

        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function balanceOf(address account) external view returns (uint256);
        function decimals() external view returns (uint8);
        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function totalSupply() external view returns (uint256);
        function transfer(address to, uint256 value) external returns (bool);
        function transferFrom(address from, address to, uint256 value) external returns (bool);
    }
}

//! EigenLayer's ProtocolRegistry: the protocol's contracts by name.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IProtocolRegistry {
        /// What is known of a deployment.
        struct DeploymentConfig {
            /// Whether `pauseAll` reaches it.
            bool pausable;
            /// Whether it is out of use.
            bool deprecated;
        }

        event DeploymentConfigDeleted(address indexed addr);
        event DeploymentConfigured(address indexed addr, DeploymentConfig config);
        event DeploymentShipped(address indexed addr, DeploymentConfig config);
        event RoleAdminChanged(
            bytes32 indexed role,
            bytes32 indexed previousAdminRole,
            bytes32 indexed newAdminRole
        );
        event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
        event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);
        event SemanticVersionUpdated(string previousSemanticVersion, string semanticVersion);

        error ArrayLengthMismatch();
        error DeploymentNotShipped();
        error InputAddressZero();
        error InputNameEmpty();
        error InvalidShortString();
        error StringTooLong(string str);

        function DEFAULT_ADMIN_ROLE() external view returns (bytes32);
        function PAUSER_ROLE() external view returns (bytes32);
        function configure(string calldata name, DeploymentConfig calldata config) external;
        function getAddress(string calldata name) external view returns (address);
        function getAllDeployments(
        ) external view returns (string[] memory names, address[] memory addresses, DeploymentConfig[] memory configs);
        function getDeployment(
            string calldata name
        ) external view returns (address addr, DeploymentConfig memory config);
        function getRoleAdmin(bytes32 role) external view returns (bytes32);
        function getRoleMember(bytes32 role, uint256 index) external view returns (address);
        function getRoleMemberCount(bytes32 role) external view returns (uint256);
        function grantRole(bytes32 role, address account) external;
        function hasRole(bytes32 role, address account) external view returns (bool);
        function initialize(address initialAdmin, address pauserMultisig) external;
        function majorVersion() external view returns (string memory);
        function pauseAll() external;
        function renounceRole(bytes32 role, address account) external;
        function revokeRole(bytes32 role, address account) external;
        function ship(
            address[] calldata addresses,
            DeploymentConfig[] calldata configs,
            string[] calldata names,
            string calldata semanticVersion
        ) external;
        function supportsInterface(bytes4 interfaceId) external view returns (bool);
        function totalDeployments() external view returns (uint256);
        function version() external view returns (string memory);
    }
}

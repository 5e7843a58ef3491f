//! EigenLayer's PermissionController: who may act for an account.
//! Members as in the pinned release (v1.12.0).

#![allow(missing_docs, reason = "the members are documented where they are implemented")]

alloy_sol_types::sol! {
    #[derive(Debug, PartialEq, Eq)]
    #[sol(abi)]
    interface IPermissionController {
        event AdminRemoved(address indexed account, address admin);
        event AdminSet(address indexed account, address admin);
        event AppointeeRemoved(
            address indexed account,
            address indexed appointee,
            address target,
            bytes4 selector
        );
        event AppointeeSet(
            address indexed account,
            address indexed appointee,
            address target,
            bytes4 selector
        );
        event PendingAdminAdded(address indexed account, address admin);
        event PendingAdminRemoved(address indexed account, address admin);

        error AdminAlreadyPending();
        error AdminAlreadySet();
        error AdminNotPending();
        error AdminNotSet();
        error AppointeeAlreadySet();
        error AppointeeNotSet();
        error CannotHaveZeroAdmins();
        error NotAdmin();

        function acceptAdmin(address account) external;
        function addPendingAdmin(address account, address admin) external;
        function canCall(
            address account,
            address caller,
            address target,
            bytes4 selector
        ) external view returns (bool);
        function getAdmins(address account) external view returns (address[] memory);
        function getAppointeePermissions(
            address account,
            address appointee
        ) external view returns (address[] memory, bytes4[] memory);
        function getAppointees(
            address account,
            address target,
            bytes4 selector
        ) external view returns (address[] memory);
        function getPendingAdmins(address account) external view returns (address[] memory);
        function isAdmin(address account, address caller) external view returns (bool);
        function isPendingAdmin(address account, address pendingAdmin) external view returns (bool);
        function removeAdmin(address account, address admin) external;
        function removeAppointee(
            address account,
            address appointee,
            address target,
            bytes4 selector
        ) external;
        function removePendingAdmin(address account, address admin) external;
        function setAppointee(address account, address appointee, address target, bytes4 selector) external;
    }
}

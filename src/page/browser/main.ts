const stand = document.getElementById("stand");
if (stand !== null) stand.textContent = "loading";

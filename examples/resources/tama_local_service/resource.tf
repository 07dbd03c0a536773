resource "tama_local_service" "personalization" {
  data_folder = "${path.root}/.state/service"
}

output "url" {
  value = tama_local_service.personalization.url
}

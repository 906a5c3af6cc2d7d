// placeholder: delete when the first real file is here
